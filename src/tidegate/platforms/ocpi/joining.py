"""Joins: what sessions and CDRs name by their ids only, looked up in the other modules.

Everything that is joined stands under `joined` in the record: `location` (without its EVSEs),
`evse` (without its connectors), `connector`, `tariffs`, `token`, and `session` or `cdrs`. A left
join: what is not found is null, or an empty list. Ids are compared without regard to case.

Keys are taken from records as they came. What is joined is filtered with the record that it is
joined to, by the rules of its own module; only what a session or CDR keeps to itself, such as where
it took place, is blank in what is joined to it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from tidegate.gate.rules import Branch, Leaf
from tidegate.gate.verdicts import Verdict
from tidegate.model.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tidegate.gate.rules import FieldRules, Node

Record = dict[str, Any]
Key = tuple[str, ...]

MEMBER: Final = "joined"
"""Where a record holds what was joined to it."""

JOINABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "sessions": ("locations", "tariffs", "tokens", "cdrs"),
    "cdrs": ("locations", "tariffs", "tokens", "sessions"),
}
"""Modules that can be joined to a module."""

_KEPT_BACK: Final[Mapping[str, tuple[str, ...]]] = {
    "location": ("id",),
    "evse": ("uid",),
    "connector": ("id",),
    "token": ("country_code", "party_id", "issuer"),
    "session": ("id",),
    "cdrs": ("cdr_location.connector_id",),
}
"""Fields that are harmless in a list of their module, but not beside a session or CDR."""

_decoder: Final = msgspec.json.Decoder(float_hook=msgspec.Raw)
_elements: Final = msgspec.json.Decoder(list[msgspec.Raw])
_encode: Final = msgspec.json.Encoder().encode


def joins_of(module: str, names: Iterable[str]) -> tuple[str, ...]:
    """The modules to join to a module, checked; in a fixed order.

    Raises:
        UnknownName: a module cannot be joined to this one.
    """
    wanted = list(names)
    known = JOINABLE.get(module, ())
    for name in wanted:
        if name not in known:
            raise UnknownName(f"module to join to {module}", name, known or ["none"])
    return tuple(name for name in known if name in wanted)


def joined_rules(rules: FieldRules, others: Mapping[str, FieldRules]) -> FieldRules:
    """Rules of records with what is joined to them, each part by the rules of its own module."""
    parts: dict[str, Node] = {}
    for module, other in others.items():
        parts |= _PARTS[module](other.root)
    if rules.profile != "full":
        parts = {name: _kept_back(node, _KEPT_BACK.get(name, ())) for name, node in parts.items()}
    children = {**rules.root.children, MEMBER: Branch(parts)}
    return replace(rules, root=replace(rules.root, children=children))


class Joins:
    """Records of other modules, found by what sessions or CDRs say.

    Args:
        modules: to be joined.
    """

    def __init__(self, modules: Sequence[str]) -> None:
        locations = _Locations()
        made: dict[str, _Index] = {
            "locations": locations,
            "tariffs": _Tariffs(locations),
            "tokens": _Tokens(),
            "sessions": _Sessions(),
            "cdrs": _Cdrs(),
        }
        self._indexes = {module: made[module] for module in modules}

    def add(self, module: str, data: bytes) -> None:
        """Take the JSON array of records of a module."""
        index = self._indexes[module]
        for element in _elements.decode(data):
            record = _read(element)
            if isinstance(record, dict):
                index.add(record)

    def page(self, data: bytes) -> bytes:
        """A JSON array of sessions or CDRs with what belongs to each; nothing is filtered yet."""
        return b"[" + b",".join(map(self._with_parts, _elements.decode(data))) + b"]"

    def _with_parts(self, element: msgspec.Raw) -> bytes:
        record = _read(element)
        text = bytes(element).strip()
        if not isinstance(record, dict):
            return text
        found: Record = {}
        for index in self._indexes.values():
            found |= index.find(record)
        comma = b"," if record else b""
        return text[:-1] + comma + b'"' + MEMBER.encode() + b'":' + _encode(found) + b"}"


class _Index(Protocol):
    def add(self, record: Record) -> None:
        """Take a record, which may be changed."""

    def find(self, record: Record) -> Record:
        """The parts that belong to a session or CDR, null or empty where there are none."""


class _Connector(NamedTuple):
    document: msgspec.Raw
    tariffs: tuple[str, ...]


class _Evse(NamedTuple):
    document: msgspec.Raw
    connectors: dict[str, _Connector]


class _Location(NamedTuple):
    document: msgspec.Raw
    evses: dict[str, _Evse]


class _Locations:
    """Locations with their EVSEs and connectors."""

    def __init__(self) -> None:
        self._locations: dict[Key, _Location] = {}

    def add(self, record: Record) -> None:
        evses = {_id(evse, "uid"): _evse(evse) for evse in _taken(record, "evses")}
        self._locations[_key(record, "id")] = _Location(_raw(record), evses)

    def find(self, record: Record) -> Record:
        location, evse, connector = self._found(record)
        return {
            "location": location and location.document,
            "evse": evse and evse.document,
            "connector": connector and connector.document,
        }

    def tariffs(self, record: Record) -> tuple[str, ...]:
        """The tariffs of the connector that a record names."""
        connector = self._found(record)[-1]
        return connector.tariffs if connector else ()

    def _found(self, record: Record) -> tuple[_Location | None, _Evse | None, _Connector | None]:
        place = _place(record)
        location = self._locations.get((*_party(record), place.location))
        evse = location.evses.get(place.evse) if location else None
        return location, evse, evse.connectors.get(place.connector) if evse else None


class _Tariffs:
    """Tariffs, found by the periods of a record and by its connector."""

    def __init__(self, locations: _Locations) -> None:
        self._locations = locations
        self._tariffs: dict[Key, msgspec.Raw] = {}

    def add(self, record: Record) -> None:
        self._tariffs[_key(record, "id")] = _raw(record)

    def find(self, record: Record) -> Record:
        names = (*_tariff_ids(record), *self._locations.tariffs(record))
        wanted = dict.fromkeys((*_party(record), name) for name in names)
        return {"tariffs": [self._tariffs[key] for key in wanted if key in self._tariffs]}


class _Tokens:
    """Tokens, found by the token of a record; in 2.1.1 by its `auth_id`."""

    def __init__(self) -> None:
        self._tokens: dict[Key, msgspec.Raw] = {}

    def add(self, record: Record) -> None:
        document = _raw(record)
        for key in (_token_key(record), (_id(record, "auth_id"),)):
            if any(key):
                self._tokens[key] = document

    def find(self, record: Record) -> Record:
        token = record.get("cdr_token")
        key = _token_key(token) if isinstance(token, dict) else (_id(record, "auth_id"),)
        return {"token": self._tokens.get(key)}


class _Sessions:
    """Sessions, found by the `session_id` of a CDR."""

    def __init__(self) -> None:
        self._sessions: dict[Key, msgspec.Raw] = {}

    def add(self, record: Record) -> None:
        self._sessions[_key(record, "id")] = _raw(record)

    def find(self, record: Record) -> Record:
        key = _key(record, "session_id")
        return {"session": self._sessions.get(key) if key[-1] else None}


class _Cdrs:
    """CDRs, found by the id of their session: the first one, its credit and its correction."""

    def __init__(self) -> None:
        self._cdrs: dict[Key, list[msgspec.Raw]] = {}

    def add(self, record: Record) -> None:
        if _id(record, "session_id"):
            self._cdrs.setdefault(_key(record, "session_id"), []).append(_raw(record))

    def find(self, record: Record) -> Record:
        return {"cdrs": self._cdrs.get(_key(record, "id"), [])}


def _location_parts(root: Branch) -> dict[str, Node]:
    location, evse = _split(root, "evses")
    evse, connector = _split(evse, "connectors")
    return {"location": location, "evse": evse, "connector": connector}


def _kept_back(node: Node, paths: Sequence[str]) -> Node:
    if isinstance(node, Leaf):
        return replace(node, verdict=Verdict.BLANK, other=Verdict.BLANK) if "" in paths else node
    children = {
        name: _kept_back(child, _below(name, paths)) for name, child in node.children.items()
    }
    return replace(node, children=children)


def _below(name: str, paths: Sequence[str]) -> list[str]:
    """What follows a name in the paths that begin with it; empty where it ends one."""
    split = (path.partition(".") for path in paths)
    return [rest for first, _, rest in split if first == name]


def _split(branch: Branch, name: str) -> tuple[Branch, Branch]:
    """A branch without one of its children, and that child as a single object."""
    children = dict(branch.children)
    child = children.pop(name)
    assert isinstance(child, Branch)
    return replace(branch, children=children), replace(child, many=False)


_PARTS: Final[Mapping[str, Any]] = {
    "locations": _location_parts,
    "tariffs": lambda root: {"tariffs": replace(root, many=True)},
    "tokens": lambda root: {"token": root},
    "sessions": lambda root: {"session": root},
    "cdrs": lambda root: {"cdrs": replace(root, many=True)},
}


class _Place(NamedTuple):
    location: str
    evse: str
    connector: str


def _place(record: Record) -> _Place:
    """Where a session or CDR took place, in the words of any version."""
    if isinstance(embedded := record.get("location"), dict):
        evse = next(_objects(embedded, "evses"), {})
        connector = next(_objects(evse, "connectors"), {})
        return _Place(_id(embedded, "id"), _id(evse, "uid"), _id(connector, "id"))
    if isinstance(said := record.get("cdr_location"), dict):
        return _Place(_id(said, "id"), _id(said, "evse_uid"), _id(said, "connector_id"))
    return _Place(_id(record, "location_id"), _id(record, "evse_uid"), _id(record, "connector_id"))


def _tariff_ids(record: Record) -> Iterator[str]:
    for period in _objects(record, "charging_periods"):
        yield _id(period, "tariff_id")
    embedded = record.get("location")
    for evse in _objects(embedded if isinstance(embedded, dict) else {}, "evses"):
        for connector in _objects(evse, "connectors"):
            yield from _tariffs_of(connector)


def _tariffs_of(connector: Record) -> tuple[str, ...]:
    several = connector.get("tariff_ids")
    listed = several if isinstance(several, list) else [connector.get("tariff_id")]
    return tuple(name.strip().upper() for name in listed if isinstance(name, str))


def _evse(evse: Record) -> _Evse:
    connectors = {
        _id(one, "id"): _Connector(_raw(one), _tariffs_of(one))
        for one in _taken(evse, "connectors")
    }
    return _Evse(_raw(evse), connectors)


def _taken(record: Record, name: str) -> list[Record]:
    found = list(_objects(record, name))
    record.pop(name, None)
    return found


def _objects(record: Record, name: str) -> Iterator[Record]:
    value = record.get(name)
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            yield one


def _key(record: Record, name: str) -> Key:
    return (*_party(record), _id(record, name))


def _token_key(record: Record) -> Key:
    return (*_party(record), _id(record, "uid"), _id(record, "type"))


def _party(record: Record) -> tuple[str, str]:
    return _id(record, "country_code"), _id(record, "party_id")


def _id(record: Record, name: str) -> str:
    value = record.get(name)
    return value.strip().upper() if isinstance(value, str) else ""


def _read(element: msgspec.Raw) -> Any:
    """An element decoded; nothing if it cannot be, which is for the filter to deal with."""
    try:
        return _decoder.decode(element)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _raw(document: Record) -> msgspec.Raw:
    return msgspec.Raw(_encode(document))
