"""Coverage: what was asked of a platform for which time, and what came of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from tidegate.model.windows import Window

PROVISIONAL: Final = "late data may still come"
"""Detail of a `done` or `empty` window asked for too early to be final: it is due again."""


ASKED_AGAIN: Final = "asked again in vain: "
"""How the detail of a `done` window begins whose last asking failed: it is due again."""


class CoverageState(StrEnum):
    """What is known of a window; what no row covers is due."""

    DONE = "done"
    EMPTY = "empty"
    FAILED = "failed"
    REFUSED = "refused"
    DUE = "due"


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """One window of one subject of a connection, with the instant it was asked for."""

    subject: str
    window: Window
    state: CoverageState
    asked_at: int
    detail: str = ""
