"""Candidates: who wants to join, until the address is confirmed and moderators have decided."""
