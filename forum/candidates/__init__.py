"""Candidates: people who want to join, until their address is confirmed and moderators have decided."""
