"""What is fixed about WebTSM, and how politely a server of it is asked by default."""

from __future__ import annotations

from typing import Final

from tidegate.model.instants import DAY

API: Final = "api"
"""The last segment of every server's base address."""

DEFAULT_LAG: Final = 3 * DAY
"""Metering data are corrected within days of their first delivery."""
DEFAULT_MAX_WINDOW: Final = 366 * DAY
DEFAULT_PARALLEL: Final = 2

PAGE: Final = 500
"""Series of one page, where a server wants its catalogue to be read in pages."""

POINTS_AT_ONCE: Final = 20_000
"""Values of one request that writes."""

SERIES: Final = "series"
ATTRIBUTE: Final = "attribute"
UNIT: Final = "unit"
"""Kinds of catalogue entries."""

VALUE: Final = "value"
"""The only quantity of a series."""

SUBJECT: Final = "TS"
"""What the subjects of series begin with; the rest is the id on the server."""
