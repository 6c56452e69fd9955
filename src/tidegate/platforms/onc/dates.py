"""Times as the services write and take them: UTC with milliseconds."""

from __future__ import annotations

from tidegate.model.instants import to_datetime


def stamp(instant: int) -> str:
    """An instant as the services write it, cut to milliseconds."""
    moment = to_datetime(instant)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z".rjust(24, "0")
