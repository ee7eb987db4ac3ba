"""Signing in with an account at an OpenID provider, over the tool `oidc` and the rooms below."""
