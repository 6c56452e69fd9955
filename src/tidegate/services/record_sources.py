"""Where the records of a view come from: the store, or the platform itself."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import msgspec

from tidegate.gate.places import location_name, places_of
from tidegate.gate.selection import Choice, Place
from tidegate.model.errors import BadTime
from tidegate.model.instants import parse
from tidegate.platforms.ocpi.access import open_client
from tidegate.services import secrets
from tidegate.services.hash_keys import NoKeyOfHashes, kept_hasher_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tidegate.model.records import Record
    from tidegate.model.views import Exclusion, Selection
    from tidegate.platforms.ocpi.client import Page
    from tidegate.platforms.ocpi.settings import OcpiSettings
    from tidegate.store.messages import ConnectionRecord
    from tidegate.store.verbs import Verbs
    from tidegate.transport.policies import Policies

_ENCODER: Final = msgspec.json.Encoder()
_EXACT: Final = msgspec.json.Decoder(float_hook=msgspec.Raw)
_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_LOCATIONS: Final = "locations"
_SOUGHT: Final = 1000
"""Records that are asked of the platform at once where only some of them are taken."""
_MOST_PAGES: Final = 20
"""Pages of the platform that are looked through for one page of a view."""


class Sought(NamedTuple):
    """A page of the records that a choice takes, last updated in `[start, end)`, UTC microseconds.

    Attributes:
        module: of which records.
        choice: of which places.
        start: None for the beginning of time.
        end: None for its end.
        offset: records to pass over.
        limit: records at most.
    """

    module: str
    choice: Choice
    start: int | None
    end: int | None
    offset: int
    limit: int


class Found(NamedTuple):
    """A page of filtered records; `following` is the offset of the next one."""

    lines: bytes
    size: int
    total: int | None
    following: int | None


class RecordSource(Protocol):
    """Gives records, selected and filtered."""

    settings: OcpiSettings

    def chosen(self, selection: Selection, exclude: Iterable[Exclusion]) -> Choice:
        """The places that a selection names, as this source knows them."""

    def page(self, sought: Sought, pass_on: Callable[[bytes], bytes]) -> Found:
        """The records that are sought, as a filter passes them on.

        The filter takes a JSON array of records and gives lines.
        """

    def close(self) -> None:
        """Let go of what is held."""


class StoredRecords:
    """Records of the store, selected by the keyed hashes of their places."""

    def __init__(self, store: Verbs, connection: str, settings: OcpiSettings) -> None:
        self.settings = settings
        self._store = store
        self._connection = connection
        self._hasher = kept_hasher_of(store.status().id)

    def chosen(self, selection: Selection, exclude: Iterable[Exclusion]) -> Choice:
        """The places that a selection names, hashed."""
        rules = tuple(exclude)
        places = []
        if rules or not selection.is_everything:
            for record in self._store.records(self._connection, _LOCATIONS):
                location = _object(msgspec.json.decode(record.document))
                self._require_key(location, record)
                places.append(_place(record.places, location))
        return Choice.of(selection, rules, places, mark=self._hasher)

    def page(self, sought: Sought, pass_on: Callable[[bytes], bytes]) -> Found:
        """Records in the order in which they were first seen."""
        module, choice, start, end, offset, limit = sought
        wanted = choice.wanted_of(module)
        where: dict[str, Any] = {
            "updated_from": start,
            "updated_to": end,
            "places": None if wanted is None else sorted(wanted),
            "without": sorted(choice.without),
        }
        records = self._store.records(self._connection, module, offset=offset, limit=limit, **where)
        total = self._store.count_records(self._connection, module, **where)
        following = offset + len(records)
        if module == _LOCATIONS and choice.wanted is not None:
            documents = [_pruned(choice, one.places, one.document) for one in records]
        else:
            documents = [one.document for one in records]
        lines = pass_on(b"[" + b",".join(documents) + b"]")
        return Found(lines, len(records), total, following if following < total else None)

    def close(self) -> None:
        """Nothing is held."""

    def _require_key(self, location: dict[str, Any], record: Record) -> None:
        """Let nothing leave if places were hashed by another key: nothing would be kept back."""
        own = location.get("id")
        if not isinstance(own, str) or own.strip() in {"", "#NA"}:
            return
        if self._hasher(location_name(own)) not in record.places:
            raise NoKeyOfHashes


class LiveRecords:
    """Records as the platform gives them now; nothing of them is kept."""

    def __init__(self, store: Verbs, record: ConnectionRecord, *, policies: Policies) -> None:
        store_id = store.status().id
        self._client = open_client(record, secrets.load(record.name, store_id), policies=policies)
        self.settings = self._client.settings

    def chosen(self, selection: Selection, exclude: Iterable[Exclusion]) -> Choice:
        """The places that a selection names, by their names."""
        rules = tuple(exclude)
        places: list[Place] = []
        if (rules or not selection.is_everything) and _LOCATIONS in self.settings.endpoints:
            for page in self._client.pages(_LOCATIONS):
                locations = map(_object, msgspec.json.decode(page.data))
                places.extend(_place(places_of(_LOCATIONS, one), one) for one in locations)
        return Choice.of(selection, rules, places)

    def page(self, sought: Sought, pass_on: Callable[[bytes], bytes]) -> Found:
        """Records in the platform's order; the page is short where too many are not taken.

        The number of all is told only where nothing is selected, since it would tell of others.
        """
        module, choice, start, end, offset, limit = sought
        if choice.wanted_of(module) is None and not choice.without and start is end is None:
            (page,) = self._client.pages(module, offset=offset, page_size=limit, one_page=True)
            lines = pass_on(page.data)
            return Found(lines, lines.count(b"\n"), page.total, page.next_offset)
        kept: list[bytes] = []
        pages = self._client.pages(
            module, date_from=start, date_to=end, offset=offset, page_size=_SOUGHT, stop=_never
        )
        following = None
        for page in islice(pages, _MOST_PAGES):
            following = _select(kept, page, partial(_selected, sought), limit)
            if len(kept) >= limit:
                break
        return Found(pass_on(b"[" + b",".join(kept) + b"]"), len(kept), None, following)

    def close(self) -> None:
        """Disconnect."""
        self._client.close()


def _place(names: tuple[str, ...], location: dict[str, Any]) -> Place:
    """A location under its names, with its EVSEs."""
    evses = location.get("evses")
    return Place(names, tuple(evses if isinstance(evses, list) else ()))


def _select(
    kept: list[bytes], page: Page, selected: Callable[[bytes], bytes | None], limit: int
) -> int | None:
    """Keep what is taken of a page, until there are enough; where to go on."""
    for following, element in enumerate(_ELEMENTS.decode(page.data), page.offset + 1):
        record = selected(bytes(element))
        if record is not None:
            kept.append(record)
            if len(kept) >= limit:
                return following
    return page.next_offset


def _selected(sought: Sought, element: bytes) -> bytes | None:
    """A record of the platform as far as it is sought; None if it is not."""
    module, choice = sought.module, sought.choice
    record = _object(msgspec.json.decode(element))
    names = places_of(module, record)
    if not choice.takes_of(module, names) or not _is_within(record, sought.start, sought.end):
        return None
    if module == _LOCATIONS and choice.wanted is not None:
        return _pruned(choice, names, element)
    return element


def _pruned(choice: Choice, names: Sequence[str], document: bytes) -> bytes:
    """A location with the EVSEs that a choice takes only."""
    location = _EXACT.decode(document)
    if isinstance(location, dict) and isinstance(location.get("evses"), list):
        location["evses"] = choice.evses(names, location["evses"])
    return _ENCODER.encode(location)


def _never() -> bool:
    """Pages are asked for one by one, as they are needed."""
    return False


def _is_within(record: dict[str, Any], start: int | None, end: int | None) -> bool:
    """False for a record that is not of the time asked for, whatever the platform says."""
    try:
        updated = parse(record["last_updated"])
    except (BadTime, KeyError, AttributeError, TypeError):
        return start is None and end is None
    return (start is None or start <= updated) and (end is None or updated < end)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
