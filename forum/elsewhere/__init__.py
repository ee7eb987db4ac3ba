"""Signing in with an account at an OpenID provider, with the tool `oidc` and the rooms below."""
