"""Who wants to join and is no member yet: until the address is proved, and until moderators have decided."""
