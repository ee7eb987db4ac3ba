"""Signing in with an account of elsewhere: the doors over the tool `oidc` and the rooms below."""
