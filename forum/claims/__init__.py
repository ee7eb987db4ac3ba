"""Claims: which moderator works on which entry of the queue, so that no two do the same."""
