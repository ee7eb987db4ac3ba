"""Bookmarks, which only their owners see."""
