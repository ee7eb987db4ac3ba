"""Accounts of elsewhere with which members sign in here."""
