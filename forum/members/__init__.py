"""Who takes part: members, their sessions, cities and organisations."""
