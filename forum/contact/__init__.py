"""Letters from one member to another, in which neither sees the other's address."""
