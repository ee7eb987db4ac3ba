"""Letters: what is to be sent, sending it, and what became of it."""
