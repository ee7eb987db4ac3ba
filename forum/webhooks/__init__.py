"""Webhooks: programs and chat rooms elsewhere that are told of what is new."""
