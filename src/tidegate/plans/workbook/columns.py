"""The columns of each sheet of a plan, in order; the bold ones say what is asked for."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from tidegate.plans.definitions import BY_DEVICE, BY_LOCATION, BY_MODULE, BY_SUBJECT, ORDERED


class Content(StrEnum):
    """What a cell of a column holds."""

    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"
    LINK = "link"


class Column(NamedTuple):
    """One column.

    Attributes:
        heading: its first cell.
        is_bold: True if its cells say what is asked for, so that it must be there.
        width: in characters.
        content: of its cells.
    """

    heading: str
    is_bold: bool = False
    width: int = 14
    content: Content = Content.TEXT


DOWNLOAD: Final = "download"
BEGIN: Final = "begin"
END: Final = "end"
ROW_ID: Final = "rowId"
WRITTEN_END: Final = "endAtCreation"
"""The end that was written into a row, to tell later whether somebody changed it."""
DEPLOYMENT_BEGIN: Final = "deploymentBegin"
DEPLOYMENT_END: Final = "deploymentEnd"
EVENTS: Final = "events"
PRODUCT_OPTIONS: Final = "data product options"
OPTIONS: Final = "options"

_PROPERTY: Final = Column("propertyCode", is_bold=True)
_RANGE: Final = (
    Column(DOWNLOAD, is_bold=True, width=10),
    Column(BEGIN, is_bold=True, width=20, content=Content.MOMENT),
    Column(END, is_bold=True, width=20, content=Content.MOMENT),
)
_POSITION: Final = tuple(
    Column(name, width=11, content=Content.NUMBER) for name in ("latitude", "longitude", "depth")
)
_PRODUCT: Final = (
    Column("dataProductCode", is_bold=True, width=16),
    Column("dataProductName", width=30),
    Column("extension", is_bold=True, width=10),
    Column(PRODUCT_OPTIONS, is_bold=True, width=40),
    Column("helpDocument", width=30, content=Content.LINK),
)
_DATA_SEARCH: Final = Column("Data Search", width=30, content=Content.LINK)
_DEVICE_LISTING: Final = Column("Device Listing", width=30, content=Content.LINK)
_ORIGIN: Final = (
    Column(DEPLOYMENT_BEGIN, width=20, content=Content.MOMENT),
    Column(DEPLOYMENT_END, width=20, content=Content.MOMENT),
    Column(WRITTEN_END, width=20, content=Content.MOMENT),
    Column(ROW_ID, width=18),
)

TABS: Final[dict[str, tuple[Column, ...]]] = {
    BY_LOCATION: (
        Column("locationCode", is_bold=True),
        Column("locationName", width=24),
        Column("deviceCategoryCode", is_bold=True, width=19),
        Column("deviceCategoryName", width=20),
        _PROPERTY,
        *_RANGE,
        Column("deviceCode", width=20),
        *_POSITION,
        *_PRODUCT,
        _DATA_SEARCH,
        _DEVICE_LISTING,
        *_ORIGIN,
    ),
    BY_DEVICE: (
        Column("deviceCode", is_bold=True, width=20),
        Column("deviceName", width=30),
        _PROPERTY,
        *_RANGE,
        Column("locationCode"),
        *_POSITION,
        *_PRODUCT,
        _DEVICE_LISTING,
        *_ORIGIN,
    ),
    BY_SUBJECT: (
        Column("subject", is_bold=True, width=16),
        Column("kind", width=14),
        Column("name", width=36),
        Column("unit", width=10),
        *_RANGE,
        Column(OPTIONS, is_bold=True, width=30),
        Column(ROW_ID, width=18),
    ),
    BY_MODULE: (
        Column("module", is_bold=True, width=14),
        *_RANGE,
        Column(OPTIONS, is_bold=True, width=60),
        Column(ROW_ID, width=18),
    ),
}
"""The columns of each tab, in the order in which they are written."""

EVENTS_COLUMN: Final = Column(EVENTS, width=24)
"""Stands before `rowId` where rows come from a list of events."""

CODES: Final = {
    BY_LOCATION: (
        "locationCode",
        "deviceCategoryCode",
        "propertyCode",
        "dataProductCode",
        "extension",
    ),
    BY_DEVICE: ("deviceCode", "propertyCode", "dataProductCode", "extension"),
    BY_SUBJECT: ("subject",),
    BY_MODULE: ("module",),
}
"""The columns that become filters of a request."""

NEEDED: Final = {
    BY_LOCATION: ("locationCode", "dataProductCode", "extension"),
    BY_DEVICE: ("deviceCode", "dataProductCode", "extension"),
    BY_SUBJECT: ("subject",),
    BY_MODULE: ("module",),
}
"""The codes that must not be blank."""


def options_column(tab: str) -> str:
    """The heading of the column of options."""
    return PRODUCT_OPTIONS if tab in ORDERED else OPTIONS
