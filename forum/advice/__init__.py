"""Asking members for advice about a question, and what happened next."""
