"""`Range: timeseries=0-99`: a part of a list, as 206 with the size of the whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tidegate.web.answers import JsonAnswer
from tidegate.web.errors import problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

_RANGE: Final = re.compile(
    r"\s*(?P<unit>[\w-]+)\s*=\s*(?P<first>\d{1,18})\s*-\s*(?P<last>\d{0,18})\s*$", re.ASCII
)


def paged(
    request: Request,
    found: Sequence[Any],
    shape: Callable[[Sequence[Any]], list[Any]],
    *,
    unit: str = "timeseries",
) -> JsonAnswer:
    """The answer with the part of a list that the `Range` header asks for; only it is shaped.

    A header in another unit, or one that cannot be read, is left alone, as HTTP has it. A part
    that begins after the end of the list is 416.
    """
    asked = _part(request.headers.get("range", ""), unit, len(found))
    if asked is None:
        return JsonAnswer.of(shape(found))
    if asked.start >= len(found):
        return problem(
            416,
            f"there are {len(found)} {unit}, none from {asked.start} on",
            "RangeNotSatisfiable",
            headers={"Content-Range": f"{unit} */{len(found)}"},
        )
    shown = f"{unit} {asked.start}-{asked.stop - 1}/{len(found)}"
    headers = {"Content-Range": shown}
    return JsonAnswer.of(shape(found[asked.start : asked.stop]), status=206, headers=headers)


def _part(header: str, unit: str, size: int) -> range | None:
    match = _RANGE.match(header)
    if match is None or match["unit"].lower() != unit:
        return None
    first = int(match["first"])
    last = int(match["last"]) if match["last"] else max(first, size - 1)
    return None if last < first else range(first, min(last + 1, max(size, first)))
