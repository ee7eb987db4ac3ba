"""Reports, the decisions that answer them, what decisions store so that they can be undone, and notes about members."""

from __future__ import annotations

from forum.moderation.models.before import (
    ApprovalBefore,
    Before,
    KindBefore,
    LockBefore,
    MemberBefore,
    MoveBefore,
    NoteBefore,
    OpeningBefore,
    PaceBefore,
    RegroupingBefore,
    ThingBefore,
    TitleBefore,
)
from forum.moderation.models.records import (
    APPEAL,
    BY_VISITOR,
    LAST_DAY,
    LETTER_TITLE,
    OWN,
    REPORT,
    RULE,
    Decision,
    Deed,
    Report,
    StaffNote,
    heading_of,
)

__all__ = [
    "APPEAL",
    "BY_VISITOR",
    "LAST_DAY",
    "LETTER_TITLE",
    "OWN",
    "REPORT",
    "RULE",
    "ApprovalBefore",
    "Before",
    "Decision",
    "Deed",
    "KindBefore",
    "LockBefore",
    "MemberBefore",
    "MoveBefore",
    "NoteBefore",
    "OpeningBefore",
    "PaceBefore",
    "RegroupingBefore",
    "Report",
    "StaffNote",
    "ThingBefore",
    "TitleBefore",
    "heading_of",
]
