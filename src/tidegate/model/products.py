"""Files that a platform makes to order or keeps: the protocol by which plans fetch them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, Literal, Protocol

import msgspec

from tidegate.model.windows import Window

META: Final = "meta"
"""The index under which the metadata file of a run is asked for."""

FileIndex = int | Literal["meta"]


class RunStatus(StrEnum):
    """How one execution of an order stands at the platform."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    ERROR = "error"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """True once nothing more will happen to it."""
        return self not in {RunStatus.QUEUED, RunStatus.RUNNING}


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """How the platform wants data to be cited."""

    citation: str
    doi: str | None = None
    landing_page: str | None = None
    query: str | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform answered to an order; `archived` if the files exist already.

    `size` (bytes) and `seconds` are its estimates of what comes and how long that takes.
    """

    id: int
    archived: bool = False
    size: int | None = None
    seconds: float | None = None
    citations: tuple[Citation, ...] = ()
    messages: tuple[str, ...] = ()


class ProductRun(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of an order."""

    id: int
    status: RunStatus
    files: int = 0
    queue_position: int | None = None


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A file has come whole; `name` is what the platform calls it, unchecked."""

    name: str
    size: int


class NotYet(msgspec.Struct, frozen=True, kw_only=True):
    """The file is not ready; `message` says what the platform does, `pause` is in seconds."""

    message: str = ""
    pause: float | None = None


class Outcome(StrEnum):
    """Why there is no file under an index, and why asking again will not help."""

    NO_MORE = "no more"
    NO_DATA = "no data"
    CANCELLED = "cancelled"
    GONE = "gone"


class ArchiveFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the archive of a platform; `size` in bytes where told, `modified` an instant."""

    name: str
    size: int | None = None
    window: Window | None = None
    product: str | None = None
    device: str | None = None
    modified: int | None = None


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument at a place over a time; `citation` says how its data are to be cited."""

    device: str
    window: Window
    citation: Citation | None = None


class Sink(Protocol):
    """Takes the bytes of one file as they come; nothing has its final name before it is whole."""

    def begin(self, name: str, *, size: int | None, resumable: bool) -> None:
        """A file begins anew: its name and its size, if the platform told one."""
        ...

    def write(self, piece: bytes) -> None:
        """The next bytes."""
        ...


class ProductSource(Protocol):
    """A platform that makes files to order, and may keep an archive of them.

    Every method raises a `TransportError` where the platform cannot be asked or refuses.
    """

    def order(self, filters: Mapping[str, str], window: Window) -> Order:
        """Order one product over a window."""
        ...

    def run(self, order: int) -> list[ProductRun]:
        """Run an order, or tell how its runs stand; asking again starts nothing twice."""
        ...

    def receive(self, run: int, index: FileIndex, sink: Sink) -> Received | NotYet | Outcome:
        """One file of a run into a sink; indices count from 1."""
        ...

    def cancel(self, order: int) -> None:
        """Cancel the runs of an order."""
        ...

    def restart(self, order: int) -> list[ProductRun]:
        """Begin the runs of a cancelled order again; they keep their numbers."""
        ...

    def archive(self, filters: Mapping[str, str], window: Window | None) -> Iterator[ArchiveFile]:
        """The files of the archive that reach into a window."""
        ...

    def fetch(self, name: str, sink: Sink, *, offset: int = 0) -> Received:
        """One file of the archive into a sink, from a byte on where the platform can."""
        ...

    def stays(self, filters: Mapping[str, str]) -> list[Stay]:
        """The stays of the instruments that filters name, whenever they were."""
        ...

    def products(self, filters: Mapping[str, str]) -> list[dict[str, Any]]:
        """The products, with their options, that a source offers."""
        ...
