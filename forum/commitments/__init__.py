"""Commitments: what organisations say in public that they will do, by when, and what became of it."""
