"""Writing a planned forum: agendas and library with the actions of the rooms, members and dialogue as rows in bulk.

Here, and nowhere else, rows of other rooms are written without their actions (see docs/decisions.md). `BatchWriter`
knows which rows the actions would leave; tests/filling replays plans with the actions and compares every row.
"""

from __future__ import annotations

from forum.filling.actions.batches import write_batch
from forum.filling.actions.foundation import set_up_forum
from forum.filling.actions.writer import BROKEN_RULE, BatchWriter

__all__ = ["BROKEN_RULE", "BatchWriter", "set_up_forum", "write_batch"]
