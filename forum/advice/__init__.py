"""Asking a peer: whom a question asks for advice, and what happened next."""
