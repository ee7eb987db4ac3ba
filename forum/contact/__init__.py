"""Letters between members, in which neither sees the other's address."""
