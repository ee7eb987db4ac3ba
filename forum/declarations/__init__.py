"""Joint declarations: a text that moderators draft, members discuss, and organisations sign."""
