"""Parsing incoming messages: answers to letters, new topics, and bounces; and the addresses that they are sent to."""

from __future__ import annotations

from forum.mail.forms.addresses import TopicKey, bounce_address, reply_address, topic_address
from forum.mail.forms.automatic import sounds_automatic
from forum.mail.forms.extracting import extract_answer, extract_text
from forum.mail.forms.reading import Incoming, has_too_many_parts, read_message
from forum.mail.forms.subjects import kind_of, title_of

__all__ = [
    "Incoming",
    "TopicKey",
    "bounce_address",
    "extract_answer",
    "extract_text",
    "has_too_many_parts",
    "kind_of",
    "read_message",
    "reply_address",
    "sounds_automatic",
    "title_of",
    "topic_address",
]
