"""Which moderator is at what that waits for a decision, so that two do not do the same."""
