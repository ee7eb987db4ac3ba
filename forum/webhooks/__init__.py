"""Webhooks: programs and chat rooms that are notified of new topics and posts."""
