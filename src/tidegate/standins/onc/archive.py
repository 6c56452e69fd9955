"""The archive: files by device and time that are computed, never stored."""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tidegate.model import instants
from tidegate.model.instants import SECOND
from tidegate.standins.onc.bodies import TEXTS, Body, filler
from tidegate.standins.onc.exchange import compact, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidegate.standins.onc.catalogue import Archived, Catalogue, Deployment, Product
    from tidegate.standins.onc.options import Options

_NAME: Final = re.compile(
    r"(?P<device>.+)_(?P<at>\d{8}T\d{6}\.\d{3}Z)(?P<suffix>[-\w]*)\.(?P<extension>\w+)"
)


@dataclass(frozen=True, slots=True, order=True)
class File:
    """One file of the archive; times are UTC microseconds.

    Attributes:
        start: begin of what it covers.
        name: its name.
        end: end of what it covers.
        archived: when it came, or came again.
        size: its bytes.
        revision: how often it was made anew.
        product: code of the product.
        device: code of the device.
    """

    start: int
    name: str
    end: int
    archived: int
    size: int
    revision: int
    product: str
    device: str

    def row(self) -> dict[str, Any]:
        """The file as `returnOptions=all` shows it."""
        return {
            "filename": self.name,
            "dataProductCode": self.product,
            "deviceCode": self.device,
            "dateFrom": stamp(self.start),
            "dateTo": stamp(self.end),
            "archivedDate": stamp(self.archived),
            "modifyDate": stamp(self.archived),
            "compression": "gzip",
            "fileSize": self.size * 3 // 4,
            "uncompressedFileSize": self.size,
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list asks for; times are UTC microseconds, the ends are not included."""

    start: int
    end: int
    archived_from: int
    archived_to: int

    def takes(self, file: File) -> bool:
        """Whether a file reaches into the window and was archived in the other."""
        overlaps = file.start < self.end and file.end > self.start
        return overlaps and self.archived_from <= file.archived < self.archived_to


@dataclass(slots=True)
class _Change:
    revision: int = 0
    archived: int | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """The files of one product in one deployment: a grid of instants.

    Attributes:
        stay: the deployment.
        product: the product.
        rule: how often a file begins, its size, and when it is there.
    """

    stay: Deployment
    product: Product
    rule: Archived

    def grid(self, start: int, end: int) -> range:
        """Numbers of the files that begin in a window of instants."""
        every, offset = self.rule.every * SECOND, self.rule.offset * SECOND
        start, end = max(start, self.stay.start_at), min(end, self.stay.end_at)
        return range(-(-(start - offset) // every), -(-(end - offset) // every))

    def at(self, number: int) -> int:
        """When a file begins."""
        return (number * self.rule.every + self.rule.offset) * SECOND

    def holds(self, file: File) -> bool:
        """Whether a file is one of these."""
        stay, product = self.stay, self.product
        same = (file.device, file.product) == (stay.device, product.code)
        named = file.name.endswith(f"{product.suffix}.{product.extension}")
        return same and named and stay.start_at <= file.start < stay.end_at


@dataclass
class Archive:
    """The archive of a stand-in, with the changes made to it."""

    catalogue: Catalogue
    options: Options
    changes: dict[str, _Change] = field(default_factory=dict)

    def rule(self, product: Product) -> Archived | None:
        """How a product is archived, with the sizes and times of the options."""
        rule = product.archive
        if rule is None:
            return None
        every = self.options.file_every or rule.every
        size = self.options.file_bytes or rule.bytes
        return type(rule)(every, rule.offset % every, size, rule.lag)

    def removed(self) -> list[File]:
        """The files that were taken away."""
        gone = (self.known(name) for name, change in self.changes.items() if change.removed)
        return [file for file in gone if file]

    def streams(
        self, stays: Iterable[Deployment], code: str = "", extension: str = ""
    ) -> list[Stream]:
        """The streams of files of deployments, perhaps of one product or extension only."""
        return [
            Stream(stay, product, rule)
            for stay in stays
            for product in self.catalogue.products
            if (rule := self.rule(product))
            and self.catalogue.devices[stay.device].category in product.categories
            and code in {"", product.code}
            and extension in {"", product.extension}
        ]

    def list(
        self, streams: Iterable[Stream], wanted: Wanted, now: int, *, latest: bool = False
    ) -> Iterator[File]:
        """The files that are wanted and there, by time; the newest first with `latest`."""
        lists = [self._of_stream(stream, wanted, now, latest=latest) for stream in streams]
        return heapq.merge(*lists, reverse=latest)

    def _of_stream(
        self, stream: Stream, wanted: Wanted, now: int, *, latest: bool
    ) -> Iterator[File]:
        every, lag = stream.rule.every * SECOND, stream.rule.lag * SECOND
        changed = [
            file
            for name in self.changes
            if (file := self.find(name, now)) and stream.holds(file) and wanted.takes(file)
        ]
        start = max(wanted.start, wanted.archived_from - lag) - every
        end = min(wanted.end, wanted.archived_to - lag, now - lag)
        numbers = stream.grid(start, end)
        plain = (
            file
            for number in (reversed(numbers) if latest else numbers)
            if (file := self._file(stream, number)).name not in self.changes
            and file.archived <= now
            and wanted.takes(file)
        )
        return heapq.merge(plain, sorted(changed, reverse=latest), reverse=latest)

    def _file(self, stream: Stream, number: int) -> File:
        start, rule, product = stream.at(number), stream.rule, stream.product
        end = min(start + rule.every * SECOND, stream.stay.end_at)
        name = f"{stream.stay.device}_{compact(start)}{product.suffix}.{product.extension}"
        archived, size, revision = end + rule.lag * SECOND, rule.bytes, 0
        if name in self.changes:
            change = self.changes[name]
            archived, revision = change.archived or archived, change.revision
            size += 64 * revision
        return File(start, name, end, archived, size, revision, product.code, stream.stay.device)

    def find(self, name: str, now: int) -> File | None:
        """The file of a name, if it is there."""
        change = self.changes.get(name)
        file = self.known(name)
        if file is None or file.archived > now or (change and change.removed):
            return None
        return file

    def known(self, name: str) -> File | None:
        """The file of a name, there or not."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        stays = (one for one in self.catalogue.deployments if one.device == match["device"])
        for stream in self.streams(stays, extension=match["extension"]):
            for number in stream.grid(stream.stay.start_at, stream.stay.end_at)[:1]:
                step = stream.rule.every * SECOND
                at = (_instant(match["at"]) - stream.at(number)) // step
                file = self._file(stream, number + at)
                if file.name == name and at >= 0 and file.start < stream.stay.end_at:
                    return file
        return None

    def body(self, file: File) -> Body:
        """The bytes of a file."""
        key = f"{self.options.seed}.{file.revision}"
        if file.name.rpartition(".")[2] in TEXTS:
            return filler(file.name, file.size, key)
        return Body(file.name, file.size, key)

    def _change(self, name: str) -> _Change:
        if self.known(name) is None:
            raise KeyError(name)
        return self.changes.setdefault(name, _Change())

    def reprocess(self, name: str, now: int) -> None:
        """Makes a file anew: other bytes, 64 more of them, archived now."""
        change = self._change(name)
        change.revision += 1
        change.archived = now

    def remove(self, name: str) -> None:
        """Takes a file away, as a diversion does."""
        self._change(name).removed = True

    def restore(self, name: str, now: int) -> None:
        """Brings a file back; it is archived now."""
        change = self._change(name)
        change.removed, change.archived = False, now


def _instant(text: str) -> int:
    day, clock = text.split("T")
    return instants.parse(f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}")
