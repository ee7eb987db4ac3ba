"""Letters that leave the forum: what is to be sent, sending it, and what became of it."""
