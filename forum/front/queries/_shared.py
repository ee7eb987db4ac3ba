"""What feeds and the sitemap share: which topics they hold."""

from __future__ import annotations

from forum.dialogue.models import Topic

# Topics of new members are in no feed, and not in the sitemap, before a moderator has seen them.
REVIEWED = (Topic.unseen_at.is_(None),)
