"""The ways in: who may join and what is asked of them, invitations, and the seats of organisations."""
