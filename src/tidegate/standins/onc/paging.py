"""Pages of lists and measurements: what leads to the following one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tidegate.standins.onc.exchange import stamp

if TYPE_CHECKING:
    from tidegate.standins.onc.exchange import Asked


def following(
    asked: Asked, start: int | None, end: int | None, **changes: str
) -> dict[str, Any] | None:
    """What leads to the next page: its parameters, all of them as text, and its address.

    Args:
        asked: the request of this page.
        start: begin of the next page.
        end: its end.
        changes: its other parameters that differ.
    """
    if asked.fault("no-next"):
        return None
    parameters = {
        **asked.given,
        "dateFrom": stamp(start or 0),
        "dateTo": stamp(end or 0),
        **changes,
    }
    return {"parameters": parameters, "url": f"{query_url(asked, parameters)}"}


def query_url(asked: Asked, parameters: dict[str, str] | None = None) -> str:
    """The address of a request as the service echoes it."""
    query = urlencode(asked.given if parameters is None else parameters)
    return f"{asked.root}{asked.path.lstrip('/')}?{query}"
