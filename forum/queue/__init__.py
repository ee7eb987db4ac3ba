"""One list of all that waits for moderators; who is at what, what they note for each other, what nobody decides."""
