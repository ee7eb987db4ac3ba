"""Who may join and what they are asked, invitations, and the seats of organisations."""
