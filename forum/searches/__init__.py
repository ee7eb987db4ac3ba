"""Searches that members keep for themselves, and notices of new texts that these find."""
