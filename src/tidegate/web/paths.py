"""Names in paths: a slash within a name travels as %2F and must not end the segment."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import quote, unquote

from fastapi import Path
from pydantic import AfterValidator

_SLASH: Final = "\ue000"
"""Stands for a slash within a name until the path is taken apart; a private-use character."""
_ESCAPED: Final = re.compile(rb"%2f", re.IGNORECASE)


def path_of(raw: bytes) -> str:
    """The path of a request target, with `%2F` kept apart from the slashes between segments."""
    kept = _ESCAPED.sub(quote(_SLASH).encode(), raw)
    return unquote(kept.decode("latin-1"))


def unescaped(segment: str) -> str:
    """The name that a segment of such a path stands for."""
    return segment.replace(_SLASH, "/")


def segment(name: object) -> str:
    """A name as one segment of a path."""
    return quote(str(name), safe="")


Segment = Annotated[str, AfterValidator(unescaped)]
"""A path parameter that may hold slashes."""
SeriesName = Annotated[Segment, Path(description="id or name of the series")]
"""The path parameter that names a series."""
AttributeName = Annotated[Segment, Path(description="id or name of the attribute")]
"""The path parameter that names an attribute."""
UnitName = Annotated[Segment, Path(description="id or name of the unit")]
"""The path parameter that names a unit."""
