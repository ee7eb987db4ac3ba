"""Moderation in the open: a register of decisions without names, and a transparency report."""
