"""Rights of members: a copy of all their data, and leaving."""
