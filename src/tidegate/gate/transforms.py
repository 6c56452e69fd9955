"""Values made harmless: keyed hashes, coarser instants, places and amounts.

A transform takes one JSON scalar, not null, and gives another, or `None` where the value is not of
its kind; the field is then blank. Numbers may come as text of JSON (`Raw`): no digit is lost.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

import msgspec

from tidegate.model.errors import BadTime, BadValue
from tidegate.model.instants import DAY, HOUR, SECOND, parse, to_datetime

Transform = Callable[[Any], Any]

TIMES: Final = ("whole", "hour", "day")
"""How instants may be written, from fine to coarse: in whole seconds, the hour or the day."""

_STEPS: Final = {"whole": SECOND, "hour": HOUR, "day": DAY}
_CUTS: Final = {"whole": (19, "Z"), "hour": (13, ":00:00Z"), "day": (10, "T00:00:00Z")}
"""Characters to keep of an instant in UTC, and what follows them."""
_UTC: Final = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(?:\.\d+)?Z?", re.ASCII)
_NOT_AVAILABLE: Final = "#NA"
_MAX_PLACES: Final = 7
_REMEMBERED: Final = 1 << 14
"""Ids whose hashes are kept at hand."""


class Hasher:
    """HMAC-SHA-256 of ids with a key that stays with the owner of the data.

    Equal ids give equal hashes, whatever their case, so that joins and counts of visits survive.

    Args:
        key: at least 16 random bytes.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise BadValue("key", f"{len(key)} bytes", "16 bytes or more")
        self._key = key
        # Places and tokens come again and again; a hash costs more than the rest of a record.
        self._digest = lru_cache(_REMEMBERED)(self._hashed)

    def __call__(self, text: str) -> str:
        """The hash of an id: 32 hexadecimal digits."""
        return self._digest(text)

    def __reduce__(self) -> tuple[Any, ...]:
        return Hasher, (self._key,)

    def _hashed(self, text: str) -> str:
        name = text.strip().upper().encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, name, "sha256")[:16].hex()

    def __repr__(self) -> str:
        return "Hasher(...)"


def hashing(hasher: Hasher) -> Transform:
    """A transform that replaces texts and whole numbers by their keyed hash."""

    def hashed(value: Any) -> str | None:
        if isinstance(value, str):
            return hasher(value)
        return hasher(_text(value)) if _is_number(value) else None

    return hashed


def transform(name: str) -> Transform:
    """The transform of a name: `whole`, `hour`, `day`, `places:2`, `postal` or `integer`."""
    kind, _, argument = name.partition(":")
    if kind == "places":
        return _rounding(int(argument), as_text=True)
    return _TRANSFORMS[kind]


def places_name(places: int) -> str:
    """The name of rounding to `places` decimals, 0 to 7.

    Raises:
        BadValue: more or fewer decimals than that.
    """
    if not 0 <= places <= _MAX_PLACES:
        raise BadValue("places", places, f"0 to {_MAX_PLACES}")
    return f"places:{places}"


def coarser(one: str, other: str) -> str:
    """Of two names of transforms of one field, the one that tells less."""
    if one in TIMES and other in TIMES:
        return max(one, other, key=TIMES.index)
    if one.startswith("places:") and other.startswith("places:"):
        return min(one, other)
    return other or one


def _instants(name: str) -> Transform:
    step, (kept, rest) = _STEPS[name], _CUTS[name]
    stays = name == "whole"

    def floored(value: Any) -> Any:
        if not isinstance(value, str):
            return value if stays else None
        if _UTC.fullmatch(value):
            return value[:kept] + rest
        if value == _NOT_AVAILABLE:
            return value
        try:
            instant = parse(value) // step * step
        except BadTime:
            return value if stays else None
        return to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%SZ")

    return floored


def _rounding(places: int, *, as_text: bool) -> Transform:
    step = Decimal(1).scaleb(-places)

    def rounded(value: Any) -> Any:
        if not (_is_number(value) or isinstance(value, str)):
            return None
        try:
            number = Decimal(_text(value)).quantize(step, ROUND_HALF_EVEN)
        except InvalidOperation:
            return None
        if not number.is_finite():
            return None
        if as_text and isinstance(value, str):
            return f"{number:f}"
        return msgspec.Raw(f"{number:f}".encode()) if places else int(number)

    return rounded


def _first_part(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    text = value.strip()
    parts = text.replace("-", " ").split()
    if len(parts) > 1:
        return parts[0]
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    return digits if 0 < len(digits) < len(text) else text[: max(len(text) - 2, 0)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal | msgspec.Raw) and not isinstance(value, bool)


def _text(value: Any) -> str:
    return bytes(value).decode() if isinstance(value, msgspec.Raw) else str(value)


_TRANSFORMS: Final[dict[str, Transform]] = {
    **{name: _instants(name) for name in TIMES},
    "postal": _first_part,
    "integer": _rounding(0, as_text=False),
}
