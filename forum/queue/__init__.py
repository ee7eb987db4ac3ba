"""The moderation queue: one list of everything that waits for moderators, claims, notes, and overdue entries."""
