"""The archive: lists of files, and files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.errors import MalformedAnswer, Refused, TidegateError
from tidegate.model.instants import parse
from tidegate.model.products import ArchiveFile, Received
from tidegate.model.windows import Window
from tidegate.platforms.onc.dates import stamp
from tidegate.platforms.onc.explaining import is_nothing
from tidegate.platforms.onc.files import length_of, offset_of, poured, resumption_mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.model.products import Sink
    from tidegate.platforms.onc.access import Access

_BEYOND: Final = 416
"""The status of a range that begins after the last byte."""
_STAMP: Final = re.compile(r"_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{3})Z")


class Listing(msgspec.Struct):
    """One page of the archive; files are names, or documents with what is known of each."""

    files: list[dict[str, Any] | str] | None = None
    messages: list[str] | None = None
    next: dict[str, Any] | None = None

    def is_empty(self) -> bool:
        """True if there is nothing in it."""
        return not self.files


class Archive:
    """Asks the services of the archive."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._marks: dict[str, str] = {}

    def files(
        self, filters: Mapping[str, Any], window: Window | None = None
    ) -> Iterator[ArchiveFile]:
        """The files that reach into a window, by time; none where there is nothing.

        Args:
            filters: `deviceCode`, or `locationCode` with `deviceCategoryCode`; further ones under
                the services' names. `extension` is `fileExtension` there.
            window: the time; all of it if None.

        Raises:
            TransportError: the service refuses, or cannot be asked.
        """
        asked = {"returnOptions": "all", **filters}
        if (extension := asked.pop("extension", None)) is not None:
            asked["fileExtension"] = extension
        if window is not None:
            asked |= {"dateFrom": stamp(window.start), "dateTo": stamp(window.end)}
        service = "archive/device" if asked.get("deviceCode") else "archive/location"
        subject = f"archive files of {source_of(asked)}"
        try:
            listed: set[str] = set()
            for page in self._access.pages(service, asked, subject, Listing):
                for file in map(file_of, page.files or []):
                    if file.name not in listed:
                        listed.add(file.name)
                        yield file
        except Refused as refusal:
            if not is_nothing(refusal):
                raise

    def fetch(self, name: str, sink: Sink, *, offset: int = 0) -> Received:
        """One file into a sink, from a byte on where the server has shown that it can.

        The sink is told to begin anew, unless the server goes on from `offset` with the same file
        that it began with.

        Raises:
            UnknownToPlatform: there is no such file.
            TransportError: it broke off, or cannot be asked for.
        """
        try:
            received = self._receive(name, sink, offset)
        except Refused as refusal:
            if refusal.status != _BEYOND or name not in self._marks:
                raise
            del self._marks[name]
            received = self._receive(name, sink, 0)
        self._marks.pop(name, None)
        return Received(name=name, size=received)

    def address_of(self, name: str, *, with_token: bool = False) -> str:
        """The address of a file, for programs that fetch it by themselves."""
        return self._access.address_of(
            "archive/download", {"filename": name}, with_token=with_token
        )

    def _receive(self, name: str, sink: Sink, offset: int) -> int:
        """The bytes that the sink has of a file afterwards."""
        mark = self._marks.get(name)
        headers = {"Range": f"bytes={offset}-", "If-Range": mark} if offset and mark else {}
        with self._access.stream(
            "archive/download", {"filename": name}, f"file {name}", headers=headers
        ) as answer:
            begun = offset_of(answer) if answer.status == 206 else 0
            if begun not in {0, offset}:
                raise MalformedAnswer(f"file {name} goes on from byte {begun}, not {offset}")
            if not begun:
                mark = resumption_mark(answer)
                if mark:
                    self._marks[name] = mark
                sink.begin(name, size=length_of(answer), resumable=mark is not None)
            return begun + poured(answer, sink)


def source_of(filters: Mapping[str, Any]) -> str:
    """What a source is called in errors."""
    named = ("deviceCode", "locationCode", "deviceCategoryCode", "propertyCode")
    return " ".join(str(filters[name]) for name in named if filters.get(name)) or "anything"


def file_of(row: dict[str, Any] | str) -> ArchiveFile:
    """A file of a list; what the server tells of it is taken where it can be understood."""
    if isinstance(row, str):
        return ArchiveFile(name=row, window=_named_window(row))
    name = str(row.get("filename") or "")
    start, end = (_instant(row.get(key)) for key in ("dateFrom", "dateTo"))
    is_whole = start is not None and end is not None and start <= end
    size = row.get("uncompressedFileSize")
    return ArchiveFile(
        name=name,
        size=size if isinstance(size, int) and not isinstance(size, bool) else None,
        window=Window(start, end) if is_whole else _named_window(name),  # type: ignore[arg-type]
        product=row.get("dataProductCode"),
        device=row.get("deviceCode"),
        modified=_instant(row.get("modifyDate")) or _instant(row.get("archivedDate")),
    )


def _named_window(name: str) -> Window | None:
    """What the stamp in a name says: the begin of what the file covers."""
    match = _STAMP.search(name)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction = match.groups()
    start = _instant(f"{year}-{month}-{day}T{hour}:{minute}:{second}.{fraction}Z")
    return None if start is None else Window(start, start)


def _instant(text: object) -> int | None:
    try:
        return parse(text) if isinstance(text, str) else None
    except TidegateError:
        return None
