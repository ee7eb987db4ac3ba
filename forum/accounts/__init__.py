"""Accounts: joining, signing in and out, proving an identity, and changing credentials."""
