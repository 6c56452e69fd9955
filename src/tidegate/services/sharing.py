"""Sharing: pages of records as a view lets them out, from the store or live from the platform.

Records are selected first, then filtered; both happen here, before anything is answered, logged or
counted. Every page that was given is entered in the journal of takings.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.gate.filtering import RecordFilter
from tidegate.gate.refusals import NotAllowed
from tidegate.gate.takings import Taking, enter
from tidegate.gate.views import narrowed
from tidegate.model.closing import Closing
from tidegate.model.views import Selection, Source
from tidegate.platforms.ocpi.settings import read_settings
from tidegate.services.hash_keys import hasher_of
from tidegate.services.record_sources import LiveRecords, RecordSource, Sought, StoredRecords
from tidegate.services.selection import connection as connection_of
from tidegate.services.viewed_evses import uids_matching
from tidegate.services.viewed_series import seen_time
from tidegate.services.views import view_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tidegate.gate.rules import FieldRules
    from tidegate.gate.selection import Choice
    from tidegate.gate.transforms import Hasher
    from tidegate.model.views import View
    from tidegate.store.messages import ConnectionRecord
    from tidegate.store.verbs import Verbs
    from tidegate.transport.policies import Policies

MOST: Final = 1000
"""Records of one page at most."""
_CHOSEN_FOR_S: Final = 30.0
"""Seconds for which it is remembered which places a view selects."""
_REMEMBERED: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAsked:
    """What a consumer asks for; it only narrows what the view lets out.

    Attributes:
        module: of which records.
        start: only those last updated then or later, UTC microseconds.
        end: only those last updated before.
        offset: records to pass over.
        limit: records at most.
        evses: ids of the only EVSEs.
        fields: the only fields, dotted; all if empty.
    """

    module: str
    start: int | None = None
    end: int | None = None
    offset: int = 0
    limit: int = MOST
    evses: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPage:
    """Records that leave.

    Attributes:
        lines: JSON lines, filtered.
        count: how many records.
        rules: by which they were filtered; what has no place in them is not in the lines.
        total: records of the whole listing; None where that cannot be told.
        following: the offset of the next page; None after the last.
        refused_fields: names of fields asked for that do not leave.
        refused_evses: ids of EVSEs asked for that are not in the view.
    """

    lines: bytes
    count: int
    rules: FieldRules
    total: int | None
    following: int | None
    refused_fields: list[str] = field(default_factory=list)
    refused_evses: list[str] = field(default_factory=list)


class Sharing(Closing):
    """Gives pages of records through views; a context manager, safe to use from several threads.

    Args:
        store: where views, connections and records are.
        folder: of the store, for the journal of takings.
        policies: how platforms are treated, where records come live.
    """

    def __init__(self, store: Verbs, folder: Path, *, policies: Policies) -> None:
        self._store = store
        self._folder = folder
        self._policies = policies
        self._lock = threading.Lock()
        self._known: dict[bytes, _Seen] = {}

    @cached_property
    def _hasher(self) -> Hasher:
        return hasher_of(self._store.status().id)

    def page(
        self, view: View, asked: PageAsked, *, actor: str, format: str, channel: str = "share"
    ) -> SharedPage:
        """One page, entered in the journal of takings.

        Args:
            view: through which it leaves.
            asked: what is asked for.
            actor: who asks, as the journal calls them.
            format: in which form it leaves.
            channel: by which way.

        Raises:
            NotAllowed: the view does not show the module, or none of the fields asked for.
        """
        shared = self._page(view, asked)
        self.enter(view, asked.module, shared.count, actor=actor, format=format, channel=channel)
        return shared

    def enter(
        self, view: View, module: str, count: int, *, actor: str, format: str, channel: str
    ) -> None:
        """Note in the journal what left through a view."""
        taking = Taking(
            actor=actor,
            view=view.name,
            connection=view.connection or "",
            module=module,
            records=count,
            format=format,
            channel=channel,
        )
        enter(self._folder, taking)

    def tried(self, view: View, *, sample: bool = False) -> Iterator[dict[str, Any]]:
        """What would leave of one record of each module; of values only their kinds, or themselves.

        Nothing is entered in the journal, since it is the owner who looks.
        """
        for module in view.modules:
            shared = self._page(view, PageAsked(module=module, limit=1))
            if not shared.count:
                yield {"module": module, "field": None, "leaves": None}
                continue
            for path, value in _leaves(msgspec.json.decode(shared.lines)):
                yield {"module": module, "field": path, "leaves": value if sample else _kind(value)}

    def close(self) -> None:
        """Disconnect from platforms."""
        with self._lock:
            for seen in self._known.values():
                seen.source.close()
            self._known.clear()

    def _page(self, view: View, asked: PageAsked) -> SharedPage:
        if asked.module not in view.modules:
            raise NotAllowed(f"the view '{view.name}' does not show {asked.module}")
        seen = self._seen(view)
        filters, source, choice = self._filters(view, seen, asked), seen.source, seen.choice
        refused_evses: list[str] = []
        if asked.evses:
            choice, refused_evses = _narrowed(choice, asked.evses, source.chosen)
        start, end = _within(view, asked)
        sought = Sought(asked.module, choice, start, end, asked.offset, min(asked.limit, MOST))
        found = source.page(sought, filters.page)
        return SharedPage(
            lines=found.lines,
            count=found.size,
            rules=filters.rules,
            total=found.total,
            following=found.following,
            refused_fields=filters.refused,
            refused_evses=refused_evses,
        )

    def _seen(self, view: View) -> _Seen:
        """Where the records of a view come from, which places it selects, and its filters.

        Two threads may find out at the same time; nobody waits for another's view.
        """
        name = msgspec.json.encode(view)
        with self._lock:
            known = self._known.get(name)
        if known is not None and time.monotonic() - known.at < _CHOSEN_FOR_S:
            return known
        record = connection_of(self._store, view.connection, platform="ocpi")
        if known is not None and known.record == record:
            choice = self._choice(view, known.source)
            seen = replace(known, at=time.monotonic(), choice=choice)
        else:
            source = self._source(view, record)
            seen = _Seen(time.monotonic(), record, source, self._choice(view, source))
        self._remember(name, seen)
        return seen

    def _choice(self, view: View, source: RecordSource) -> Choice:
        """The places of a view; of attributes those of the EVSEs whose series have them."""
        attributes = view.selection.attributes
        by_id = msgspec.structs.replace(view.selection, attributes=())
        choice = source.chosen(by_id, view.exclude)
        if not attributes:
            return choice
        uids = uids_matching(self._store, view.connection or "", attributes)
        if not uids:
            return choice.nothing()
        return choice.narrowed(source.chosen(Selection(uids=uids), ()))

    def _remember(self, name: bytes, seen: _Seen) -> None:
        with self._lock:
            gone = [self._known.pop(name, None)]
            if len(self._known) >= _REMEMBERED:
                gone.append(self._known.pop(next(iter(self._known))))
            self._known[name] = seen
        for one in gone:
            if one is not None and one.source is not seen.source:
                one.source.close()

    def _source(self, view: View, record: ConnectionRecord) -> RecordSource:
        if view.source is Source.LIVE:
            return LiveRecords(self._store, record, policies=self._policies)
        return StoredRecords(self._store, record.name, read_settings(record.settings))

    def _filters(self, view: View, seen: _Seen, asked: PageAsked) -> _Filters:
        """The filters of a view for one module, and for the fields that are asked for."""
        key = (asked.module, asked.fields)
        known = seen.filters.get(key)
        if known is not None:
            return known
        rules, refused = view_rules(view, asked.module, seen.source.settings), list[str]()
        if asked.fields:
            rules, refused = narrowed(rules, asked.fields)
            if len(refused) == len(asked.fields):
                raise NotAllowed(f"the view '{view.name}' lets none of these fields out")
        if len(seen.filters) >= _REMEMBERED:
            seen.filters.clear()
        seen.filters[key] = made = _Filters(rules, refused, self._hasher)
        return made


class _Filters:
    """Filters by the same rules, each for one thread at a time."""

    def __init__(self, rules: FieldRules, refused: list[str], hasher: Hasher) -> None:
        self.rules = rules
        self.refused = refused
        self._hasher = hasher
        self._idle: deque[RecordFilter] = deque()

    def page(self, data: bytes) -> bytes:
        """A page as lines, filtered."""
        try:
            one = self._idle.pop()
        except IndexError:
            one = RecordFilter(self.rules, hasher=self._hasher)
        lines = one.page(data)
        self._idle.append(one)
        return lines


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known of a view: since when, of which connection, and the filters made for it."""

    at: float
    record: ConnectionRecord
    source: RecordSource
    choice: Choice
    filters: dict[tuple[str, tuple[str, ...]], _Filters] = field(default_factory=dict)


def _narrowed(
    choice: Choice, evses: Sequence[str], chosen: Callable[..., Choice]
) -> tuple[Choice, list[str]]:
    """What of a choice lies at some EVSEs, and which of these are not in it."""
    parts = {evse: chosen(Selection(evses=(evse,)), ()) for evse in evses}
    refused = [evse for evse, part in parts.items() if not choice.narrowed(part).wanted]
    return choice.narrowed(chosen(Selection(evses=tuple(evses)), ())), refused


def _within(view: View, asked: PageAsked) -> tuple[int | None, int | None]:
    """The time asked for, as far as the view shows it."""
    seen = seen_time(view)
    if seen is None:
        return asked.start, asked.end
    start = seen.start if asked.start is None else max(asked.start, seen.start)
    end = seen.end if asked.end is None else min(asked.end, seen.end)
    return start, max(start, end)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from _leaves(value[0], path)
    else:
        yield path, value


def _kind(value: Any) -> str:
    if value is None or value == "#NA":
        return "blank"
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list) else "number"
