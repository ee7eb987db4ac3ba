"""Identities: accounts at an OpenID provider with which members sign in here."""
