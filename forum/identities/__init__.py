"""Identities: accounts at another place with which members sign in here."""
