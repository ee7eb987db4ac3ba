"""Searches that members keep, each for themselves alone, and being told what is new for them."""
