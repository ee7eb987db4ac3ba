"""What the history of agendas, statements and themes shares, and the length of lists."""

from __future__ import annotations

from typing import Any

Fields = dict[str, Any]
MAX_LISTED = 500  # agendas, statements or themes in one list
