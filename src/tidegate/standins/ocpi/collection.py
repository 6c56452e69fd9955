"""One module's records as a list that is filtered and paged without being held."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tidegate.model import instants
from tidegate.model.errors import BadTime

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Source(Protocol):
    """Records by number, the oldest first."""

    @property
    def sorted(self) -> bool:
        """Whether a higher number never has an earlier last update."""
        ...

    def count(self) -> int:
        """How many there are."""
        ...

    def updated_at(self, index: int) -> int:
        """Last update of one, UTC microseconds."""
        ...

    def document(self, index: int, version: str, touched: int | None = None) -> dict[str, Any]:
        """One as JSON; `touched` is another last update than its own, UTC microseconds."""
        ...


class Given:
    """Records that are served as they are."""

    sorted = False

    def __init__(self, documents: Sequence[dict[str, Any]]) -> None:
        self.documents = list(documents)

    def count(self) -> int:
        """How many there are."""
        return len(self.documents)

    def updated_at(self, index: int) -> int:
        """What `last_updated` says; 1970 where it says nothing that can be read."""
        given = self.documents[index]
        try:
            return instants.parse(given["last_updated"])
        except (BadTime, KeyError, TypeError, AttributeError):
            return 0

    def document(self, index: int, version: str, touched: int | None = None) -> dict[str, Any]:
        """The record, with another last update only if it was touched."""
        del version
        given = self.documents[index]
        return given if touched is None else {**given, "last_updated": instants.to_text(touched)}


class Selection:
    """The records that a filter lets through, as spans of their numbers."""

    def __init__(self, spans: list[range]) -> None:
        self.spans = spans

    def __len__(self) -> int:
        return sum(map(len, self.spans))

    def page(self, offset: int, limit: int) -> Iterator[int]:
        """The numbers from `offset` on, at most `limit`."""
        for span in self.spans:
            if limit <= 0:
                return
            part = span[offset : offset + limit]
            offset = max(0, offset - len(span))
            limit -= len(part)
            yield from part


class Collection:
    """A module's records, and what happened to some of them while the server ran."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.removed: set[int] = set()
        self.touched: dict[int, int] = {}

    def updated_at(self, index: int) -> int:
        """The last update of a record, UTC microseconds."""
        changed = self.touched.get(index)
        return self.source.updated_at(index) if changed is None else changed

    def document(self, index: int, version: str) -> dict[str, Any]:
        """A record in the form of a version."""
        return self.source.document(index, version, self.touched.get(index))

    def rendered(self, indices: Iterator[int], version: str) -> list[bytes]:
        """Records as JSON texts."""
        encode = msgspec.json.encode
        return [encode(self.document(index, version)) for index in indices]

    def select(self, first: int | None, last: int | None) -> Selection:
        """The records with `first <= last_updated < last`, oldest record first."""
        count = self.source.count()
        if not self.source.sorted:
            return Selection(
                [range(at, at + 1) for at in range(count) if self._fits(at, first, last)]
            )
        every = range(count)
        low = 0 if first is None else bisect_left(every, first, key=self.source.updated_at)
        high = count if last is None else bisect_left(every, last, key=self.source.updated_at)
        main, extra = [range(low, max(low, high))], []
        for index in sorted(self.removed | self.touched.keys()):
            fits = self._fits(index, first, last)
            if low <= index < high and not fits:
                final = main.pop()
                main += [range(final.start, index), range(index + 1, final.stop)]
            elif not low <= index < high and fits:
                extra.append(range(index, index + 1))
        return Selection(sorted(main + extra, key=lambda span: span.start))

    def _fits(self, index: int, first: int | None, last: int | None) -> bool:
        if index in self.removed or index >= self.source.count():
            return False
        updated = self.updated_at(index)
        return (first is None or first <= updated) and (last is None or updated < last)
