"""Sending and receiving mail: what the worker does, a message from a pipe, a test letter."""

from __future__ import annotations

from forum.mail.commands import receiving, sending
from forum.mail.commands._shared import bp
from forum.mail.commands.composing import compose
from forum.mail.commands.receiving import fetch_messages, receive_message
from forum.mail.commands.sending import (
    DigestRound,
    deliver,
    forget_files,
    write_digests,
    write_notice_letters,
    write_report_letters,
)

__all__ = [
    "DigestRound",
    "bp",
    "compose",
    "deliver",
    "fetch_messages",
    "forget_files",
    "receive_message",
    "receiving",
    "sending",
    "write_digests",
    "write_notice_letters",
    "write_report_letters",
]
