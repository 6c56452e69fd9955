"""Takes the records of an OCPI platform, page after page, as the platform wrote them."""

from __future__ import annotations

import msgspec


class Page(msgspec.Struct, frozen=True):
    """Some records of a module.

    Attributes:
        data: text of the JSON array of records, not decoded.
        timestamp: the platform's clock, UTC microseconds; None if it tells none.
        offset: records before this page, as the platform counts.
        total: records of the whole listing; None if the platform does not say.
        limit: the longest page that the platform gives; None if it does not say.
        next_offset: where the next page begins; None for the last, or where only a link tells.
    """

    data: bytes
    timestamp: int | None
    offset: int = 0
    total: int | None = None
    limit: int | None = None
    next_offset: int | None = None
