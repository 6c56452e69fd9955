"""The protocol that every platform's connector fulfils, and the values it exchanges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from tidegate.model.catalogue import Entry
from tidegate.model.coverage import CoverageState
from tidegate.model.windows import Window

if TYPE_CHECKING:
    import pyarrow as pa

    from tidegate.model.records import RecordPiece


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform allows; data, so that planning needs no call.

    Attributes:
        max_window: microseconds that one request may span, None for no limit.
        parallel: requests that may be open at once.
        lag: microseconds before now that are asked for again, since late data arrive there.
        alignment: microseconds that window borders must be multiples of.
        beginning: the instant from which a first pull asks, None for a year ago.
        ahead: microseconds after now up to which there are readings: forecasts and schedules.
    """

    max_window: int | None = None
    parallel: int = 1
    lag: int = 0
    alignment: int = 1
    beginning: int | None = None
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """One planned request: one subject over one window."""

    subject: str
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of one task, or of a part of it.

    Attributes:
        task: what was asked for.
        state: `DONE`, `EMPTY`, `FAILED` or `REFUSED`.
        readings: per quantity of the subject, a table `ts: int64, value: float64, flag: int16`,
            sorted by `ts` without repeats; null values only with a flag without number.
        error: the failure, when state is `FAILED` or `REFUSED`.
        piece: records, from platforms that have such.
        is_last: False if more of the same task follows; only the last piece confirms it.
        clock: the platform's own instant when it was asked; the window is confirmed no further.
    """

    task: Task
    state: CoverageState
    readings: dict[str, pa.Table] = field(default_factory=dict)
    error: Exception | None = None
    piece: RecordPiece | None = None
    is_last: bool = True
    clock: int | None = None


class Connector(Protocol):
    """One open connection to one platform; a context manager that signs out when left."""

    @property
    def capabilities(self) -> Capabilities:
        """What the platform allows."""
        ...

    def greet(self) -> dict[str, Any]:
        """Sign in; what the platform says of itself, kept with the connection's settings.

        Raises:
            NotSignedIn: the platform does not accept the account.
            TransportError: nothing that speaks for the platform answers.
        """
        ...

    def discover(self) -> Iterator[Entry]:
        """The catalogue as it is now."""
        ...

    def fetch(self, task: Task) -> Fetched | Iterator[Fetched]:
        """The readings of one task; failures of the platform are in the answer, not raised.

        An answer of any size may come in pieces, in order. What has come of one that ends early is
        kept; the task is asked for again.

        Raises:
            NotSignedIn: no further task can succeed.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Connection(Protocol):
    """What a connector is opened from: a name, an address and settings, never a secret."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    @property
    def platform(self) -> str:
        """A key of the registry of platforms."""
        ...

    @property
    def url(self) -> str:
        """Address of the platform."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """What else the platform's connector is told."""
        ...


__all__: Sequence[str] = ["Capabilities", "Connection", "Connector", "Fetched", "Task"]
