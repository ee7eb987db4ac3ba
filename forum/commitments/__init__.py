"""Commitments: what organisations say in public that they will do, by which days, and what becomes of it."""
