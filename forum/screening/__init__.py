"""Screening: rules that hold a text back until a moderator has read it."""
