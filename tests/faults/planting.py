"""Records in which every single value is a token of its own, so that whatever leaves is seen.

Texts, numbers and instants are replaced by tokens that stand nowhere else. What a search finds in
the outcome of a command tells which field of which record came out.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow.parquet as pq
from tests.platforms.ocpi.examples import whole

from tidegate.platforms.ocpi.objects import MODULES, objects
from tidegate.platforms.ocpi.rules import field_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegate.gate.rules import FieldRules
    from tidegate.platforms.ocpi.objects import Objects

Record = dict[str, Any]

UNKNOWN: Final = "(unknown)"
"""Path of tokens that stand in fields which no version has."""
MISSHAPEN: Final = "(misshapen)"
"""Path of tokens that stand in an object or list where a value belongs, or the reverse."""
AT_HOME: Final = "(at home)"
"""Path of the postal code and name of a private charger."""

_TEXT: Final = re.compile(r"zq[0-9]{6}q", re.IGNORECASE)
_INSTANT: Final = re.compile(r"20[3-6][0-9]-[0-9-]{5}[T ][0-9:]{8}")
_NUMBER: Final = re.compile(r"7391[0-9]{6}")


@dataclass
class Planted:
    """What was planted.

    Attributes:
        places: the place of every token, `(version, module, path)`.
        links: places in other records that name the same thing by the same token.
    """

    places: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    links: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)

    def text(self, *place: str) -> str:
        """A new token for a text."""
        return self._put(f"zq{len(self.places):06d}q", place)

    def number(self, *place: str) -> float:
        """A new token for a number."""
        return int(self._put(f"7391{len(self.places):06d}", place)) / 1000

    def instant(self, *place: str) -> str:
        """A new token for an instant, later than those before."""
        count = len(self.places)
        minute, hour, day = count % 60, count // 60 % 24, count // 1440
        year, month, day = 2030 + day // 336, 1 + day // 28 % 12, 1 + day % 28
        token = f"{year}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:07"
        return self._put(token, place) + "Z"

    def of(self, version: str, module: str) -> dict[str, str]:
        """The tokens of the records of a module with their paths."""
        own = list(self.places.items())
        linked = [(token, place) for token, places in self.links.items() for place in places]
        return {token: path for token, (*where, path) in own + linked if where == [version, module]}

    def link(self, record: Record, name: str, token: str, *place: str) -> None:
        """Put a token of another record into a field, at a place."""
        version, module, path = place
        record[name] = token
        self.links.setdefault(token, []).append((version, module, path))

    def found(self, text: str) -> dict[str, tuple[str, str, str]]:
        """The tokens that a text shows, in any case, and their places."""
        flat = text.replace(".", "")  # a number shows its digits whatever its unit
        seen = {each.lower() for each in _TEXT.findall(text)}
        seen |= {each.replace(" ", "T") for each in _INSTANT.findall(text)}
        seen |= set(_NUMBER.findall(flat))
        return {token: self.places[token] for token in seen if token in self.places}

    def _put(self, token: str, place: Iterable[str]) -> str:
        version, module, path = place
        self.places[token] = (version, module, path)
        return token


def records(planted: Planted, version: str) -> dict[str, list[Any]]:
    """Records of every module of a version, full of tokens; each names those that belong to it."""
    made = {module: _Planter(planted, version, module).records() for module in MODULES}
    first = {module: documents[0] for module, documents in made.items()}
    for module in ("sessions", "cdrs"):
        _lead(planted, module, first, version)
    return made


def let_out(
    planted: Planted, version: str, module: str, rules: FieldRules | None = None
) -> set[str]:
    """The tokens that may leave with the records of a module; by its default rules unless given."""
    rules = rules or field_rules(module, version)
    names = {one.path for one in rules.fields()}
    return {
        token
        for token, path in planted.of(version, module).items()
        if path in names and rules.lets_out(path)
    }


def shown(data: bytes) -> str:
    """All text in the bytes of an output, workbooks and Parquet opened."""
    text = data.decode(errors="replace")
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            return "\n".join(book.read(name).decode(errors="replace") for name in book.namelist())
    if data.startswith(b"PAR1"):
        text += json.dumps(pq.read_table(io.BytesIO(data)).to_pylist(), default=str)
    return text


class _Planter:
    """Makes the records of one module of one version."""

    def __init__(self, planted: Planted, version: str, module: str) -> None:
        self._planted = planted
        self._place = (version, module)
        self._version = version
        self._module = module
        self._tables: Objects = objects(version)

    def records(self) -> list[Any]:
        """Whole, whole with unknown fields, misshapen in several ways, and no record at all."""
        private = self._whole()
        if self._module == "locations":
            self._go_private(private)
        return [
            self._whole(),
            private,
            self._extended(),
            *(self._misshapen(kind) for kind in ("object", "list", "text", "swapped")),
            None,
            self._planted.text(*self._place, MISSHAPEN),
            [self._planted.text(*self._place, MISSHAPEN)],
        ]

    def _whole(self) -> Record:
        record = self._filled(whole(self._module, self._version), "")
        assert isinstance(record, dict)
        return record

    def _filled(self, value: Any, path: str) -> Any:
        """A document with a token in place of every value."""
        if isinstance(value, dict):
            below = f"{path}." if path else ""
            return {name: self._filled(inner, below + name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner, path) for inner in value]
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._planted.number(*self._place, path)
        if value.startswith("2024-"):
            return self._planted.instant(*self._place, path)
        token = self._planted.text(*self._place, path)
        return f"https://example.org/{token}" if value.startswith("https:") else token

    def _go_private(self, location: Record) -> None:
        place = (*self._place, AT_HOME)
        location["publish"] = False
        location["parking_type"] = "ON_DRIVEWAY"
        location["postal_code"] = self._planted.text(*place)
        location["name"] = self._planted.text(*place)

    def _extended(self) -> Record:
        """Fields that are in no version, at every level; within them names are tokens too."""

        def extended(value: Any) -> Any:
            if isinstance(value, list):
                return [extended(inner) for inner in value]
            if not isinstance(value, dict):
                return value
            token = self._planted.text
            place = (*self._place, UNKNOWN)
            deep = {token(*place): [{token(*place): self._planted.number(*place)}]}
            inner = {name: extended(each) for name, each in value.items()}
            return {"x_first": token(*place), **inner, "x_deep": deep, "x_list": [token(*place)]}

        found = extended(self._whole())
        assert isinstance(found, dict)
        return found

    def _misshapen(self, kind: str) -> Record:
        """Every value as an object, or in lists, or every object and list as a text."""

        def bent(value: Any, depth: int) -> Any:
            token = self._planted.text(*self._place, MISSHAPEN)
            if kind == "text" and depth == 1 and isinstance(value, dict | list):
                return token
            if kind == "swapped" and depth and isinstance(value, list):
                has_objects = any(isinstance(each, dict) for each in value)
                return [token, 5, None] if has_objects and depth > 1 else {token: [token]}
            if isinstance(value, dict):
                return {name: bent(each, depth + 1) for name, each in value.items()}
            if isinstance(value, list):
                return [bent(each, depth + 1) for each in value]
            if kind == "object":
                return {token: {"value": token}}
            return [[token], token] if kind == "list" else value

        found = bent(self._whole(), 0)
        assert isinstance(found, dict)
        return found


def _lead(planted: Planted, module: str, first: Mapping[str, Record], version: str) -> None:
    """Let a session or CDR name the location, EVSE, connector, tariff and token of the others."""
    record, location, token = first[module], first["locations"], first["tokens"]
    evse = location["evses"][0]

    def name(holder: Record, path: str, text: str) -> None:
        planted.link(holder, path.rpartition(".")[2], text, version, module, path)

    if version == "2.1.1":
        name(record, "auth_id", token["auth_id"])
        name(record["location"], "location.id", location["id"])
        record["location"]["evses"] = record["location"]["evses"][:1]
        name(record["location"]["evses"][0], "location.evses.uid", evse["uid"])
    else:
        for member in ("country_code", "party_id", "uid", "type"):
            name(record["cdr_token"], f"cdr_token.{member}", token[member])
        for member in ("country_code", "party_id"):
            for owned in (record, location, first["tariffs"]):
                owned[member] = {"country_code": "NL", "party_id": "TST"}[member]
        place, at = (record["cdr_location"], "cdr_location.") if module == "cdrs" else (record, "")
        name(place, f"{at}{'id' if at else 'location_id'}", location["id"])
        name(place, f"{at}evse_uid", evse["uid"])
        name(place, f"{at}connector_id", evse["connectors"][0]["id"])
        if module == "cdrs":
            name(record, "session_id", first["sessions"]["id"])
    for period in record["charging_periods"]:
        if version != "2.1.1":
            name(period, "charging_periods.tariff_id", first["tariffs"]["id"])
        period["dimensions"][0]["type"] = "ENERGY"
