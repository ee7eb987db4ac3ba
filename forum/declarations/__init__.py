"""Joint declarations: texts that moderators draft, members discuss, and organisations sign."""
