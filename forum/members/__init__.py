"""Members, their sessions, cities and organisations."""
