"""Publishing and changing commitments, reporting progress, following them, and reminding organisations to report."""

from __future__ import annotations

from forum.commitments.actions._texts import (
    MAX_MILESTONES,
    MAX_REASON,
    MAX_TITLE,
    MAX_WORDS,
    CommitmentText,
    Step,
)
from forum.commitments.actions.following import follow_commitment, unfollow_commitment
from forum.commitments.actions.loading import (
    CommitmentCourse,
    KnownMilestone,
    load_commitment,
    load_origin,
)
from forum.commitments.actions.mending import (
    forget_member,
    mend_commitments,
    reindex_commitments,
    rerender,
)
from forum.commitments.actions.milestones import (
    give_milestone_up,
    move_milestone,
    reach_milestone,
    reopen_milestone,
)
from forum.commitments.actions.moderating import hide_commitment, restore_commitment
from forum.commitments.actions.publishing import (
    edit_commitment,
    end_commitment,
    keep_commitment,
    publish_commitment,
)
from forum.commitments.actions.reminding import look_after_commitments

__all__ = [
    "MAX_MILESTONES",
    "MAX_REASON",
    "MAX_TITLE",
    "MAX_WORDS",
    "CommitmentCourse",
    "CommitmentText",
    "KnownMilestone",
    "Step",
    "edit_commitment",
    "end_commitment",
    "follow_commitment",
    "forget_member",
    "give_milestone_up",
    "hide_commitment",
    "keep_commitment",
    "load_commitment",
    "load_origin",
    "look_after_commitments",
    "mend_commitments",
    "move_milestone",
    "publish_commitment",
    "reach_milestone",
    "reindex_commitments",
    "reopen_milestone",
    "rerender",
    "restore_commitment",
    "unfollow_commitment",
]
