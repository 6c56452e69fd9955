"""`Range: timeseries=0-99`: a part of a list, as 206 with the size of the whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tidegate.web.answers import JsonAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

_RANGE: Final = re.compile(
    r"\s*(?P<unit>[\w-]+)\s*=\s*(?P<first>\d{1,18})\s*-\s*(?P<last>\d{0,18})\s*$"
)


def paged(
    request: Request, found: Sequence[Any], shape: Callable[[Any], Any], *, unit: str = "timeseries"
) -> JsonAnswer:
    """The answer with the part of a list that the `Range` header asks for; only it is shaped.

    A header in another unit, or one that cannot be read, is left alone, as HTTP has it. A part
    that begins after the end of the list is 416.
    """
    match = _RANGE.match(request.headers.get("range", ""))
    if match is None or match["unit"].lower() != unit:
        return JsonAnswer.of([shape(one) for one in found])
    first = int(match["first"])
    last = min(int(match["last"] or len(found) - 1), len(found) - 1)
    if match["last"] and int(match["last"]) < first:
        return JsonAnswer.of([shape(one) for one in found])
    if first >= len(found):
        return JsonAnswer.of(
            [] if not found else {},
            status=416,
            headers={"Content-Range": f"{unit} */{len(found)}"},
        )
    return JsonAnswer.of(
        [shape(one) for one in found[first : last + 1]],
        status=206,
        headers={"Content-Range": f"{unit} {first}-{last}/{len(found)}"},
    )
