"""Transparency of moderation: a public register of decisions without names, and a transparency report."""
