"""Reading what a connection can be told: the settings of each platform, from names and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tidegate.model.errors import BadValue, UnknownName
from tidegate.model.intervals import parse_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

_Settings = TypeVar("_Settings", bound=msgspec.Struct)


def settings_from(values: Mapping[str, Any], kind: type[_Settings], whose: str) -> _Settings:
    """The settings of a connection.

    Args:
        values: by name; what is left out keeps its default.
        kind: the settings that the platform has.
        whose: for the error: `a DCS connection`.

    Raises:
        UnknownName: one that this platform does not have.
        BadValue: one with a value that it cannot take.
    """
    known = kind.__struct_fields__
    for name in values:
        if name not in known:
            raise UnknownName(f"setting of {whose}", name, known)
    try:
        return msgspec.convert(dict(values), kind)
    except msgspec.ValidationError as problem:
        raise BadValue("the settings of the connection", dict(values), str(problem)) from None


def span_of(name: str, text: str | None, default: int = 0, *, least: int) -> int:
    """Microseconds of a span such as `90d`; `0` is none.

    Args:
        name: of the setting.
        text: as the user gave it, if at all.
        default: microseconds without it.
        least: microseconds that it must have.

    Raises:
        BadValue: the text is no span, or one that is too short.
    """
    if text is None:
        return default
    span = 0 if text.strip() == "0" else parse_interval(text).nominal
    if span < least:
        raise BadValue(name, text, "a span such as 90d")
    return span
