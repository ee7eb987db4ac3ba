"""What is worth keeping: cases, practices and readings, each with its own discussion."""
