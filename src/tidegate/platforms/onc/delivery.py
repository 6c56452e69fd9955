"""Products made to order: order, run, files, cancel, restart."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.errors import MalformedAnswer, Refused
from tidegate.model.products import (
    Citation,
    NotYet,
    Order,
    Outcome,
    ProductRun,
    Received,
    RunStatus,
)
from tidegate.platforms.onc.archive import source_of
from tidegate.platforms.onc.dates import stamp
from tidegate.platforms.onc.explaining import state_of
from tidegate.platforms.onc.files import length_of, name_of, poured
from tidegate.transport.clock import SYSTEM, Clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.products import FileIndex, Sink
    from tidegate.model.windows import Window
    from tidegate.platforms.onc.access import Access
    from tidegate.transport.answers import StreamedAnswer

_SIZE: Final = re.compile(r"\s*([\d.,]+)\s*([KMGTPE]?)i?B\s*", re.IGNORECASE)
_TIME: Final = re.compile(r"([\d.,]+)\s*(h|min|m|s|d)[a-z]*", re.IGNORECASE)
_SECONDS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_FRESH: Final = 300.0
"""Seconds after the end of a run in which a file that is not there may still come."""


class _Ordered(msgspec.Struct):
    dpRequestId: int  # noqa: N815 - the service's own name
    estimatedFileSize: Any = None  # noqa: N815
    estimatedProcessingTime: Any = None  # noqa: N815
    numFiles: int | None = None  # noqa: N815
    fileSize: int | float | None = None  # noqa: N815
    citations: list[dict[str, Any]] | None = None
    messages: list[Any] | None = None


class _Run(msgspec.Struct, rename="camel"):
    dp_run_id: int
    status: str = "queued"
    file_count: int | None = None
    queue_position: Any = None


class _Waiting(msgspec.Struct):
    message: str = ""
    status: str = ""


class Delivery:
    """Asks the services of delivery."""

    def __init__(self, access: Access, clock: Clock = SYSTEM) -> None:
        self._access = access
        self._clock = clock
        self._lock = threading.Lock()
        self._completed: dict[int, float] = {}

    def order(self, filters: Mapping[str, str], window: Window) -> Order:
        """Order one product over a window; nothing runs yet.

        Raises:
            Refused: the product, its options or its source are not to be had like that.
        """
        asked = {**filters, "dateFrom": stamp(window.start), "dateTo": stamp(window.end)}
        product = f"{filters.get('dataProductCode')}.{filters.get('extension')}"
        subject = f"product {product} of {source_of(filters)}"
        made = self._access.ask("delivery/request", asked, subject, _Ordered)
        is_archived = made.numFiles is not None
        size = made.fileSize if is_archived else made.estimatedFileSize
        return Order(
            id=made.dpRequestId,
            archived=is_archived,
            size=int(size) if isinstance(size, int | float) else size_of(size),
            seconds=seconds_of(made.estimatedProcessingTime),
            citations=citations_of(made.citations),
            messages=self._access.told(made.messages),
        )

    def run(self, order: int) -> list[ProductRun]:
        """Run an order, or tell how its runs stand; asking again starts nothing twice.

        Raises:
            UnknownToPlatform: there is no such order.
        """
        return self._runs("delivery/run", order)

    def status(self, order: int) -> dict[str, Any]:
        """What the server says of an order: `searchHdrStatus`, `cartStatus`."""
        found = self._access.ask("delivery/status", {"dpRequestId": order}, f"order {order}")
        if isinstance(found, list) and found:
            found = found[0]
        if not isinstance(found, dict):
            raise MalformedAnswer(f"the state of order {order} is no document")
        return found

    def cancel(self, order: int) -> None:
        """Cancel the runs of an order."""
        self._runs("delivery/cancel", order)

    def restart(self, order: int) -> list[ProductRun]:
        """Begin the runs of a cancelled order again; they keep their numbers."""
        return self._runs("delivery/restart", order)

    def receive(self, run: int, index: FileIndex, sink: Sink) -> Received | NotYet | Outcome:
        """One file of a run into a sink; the server keeps it until it expires there.

        Args:
            run: number of the run.
            index: of the file, from 1, or `meta`.
            sink: takes the file; it is told to begin before the first byte.

        Raises:
            TransportError: the file broke off, the product failed, or nobody answers.
        """
        asked = {"dpRunId": run, "index": index, "deleteFile": False}
        subject = f"file {index} of run {run}"
        try:
            with self._access.stream("delivery/download", asked, subject) as answer:
                if answer.status == 204:
                    return _none(index)
                if answer.status != 200:
                    return _not_yet(answer)
                name = name_of(answer) or f"{run}-{index}"
                sink.begin(name, size=length_of(answer), resumable=False)
                return Received(name=name, size=poured(answer, sink))
        except Refused as refusal:
            return self._no_file(run, index, refusal)

    def address_of(self, run: int, index: FileIndex, *, with_token: bool = False) -> str:
        """The address of a file of a run, for programs that fetch it by themselves."""
        asked = {"dpRunId": run, "index": index}
        return self._access.address_of("delivery/download", asked, with_token=with_token)

    def _no_file(self, run: int, index: FileIndex, refusal: Refused) -> NotYet | Outcome:
        if refusal.status == 404:
            return _none(index)
        if refusal.status == 410:
            with self._lock:
                since = self._completed.get(run)
            if since is not None and self._clock.monotonic() - since < _FRESH:
                return NotYet(message=refusal.details or "", pause=refusal.retry_after)
            return Outcome.GONE
        if state_of(refusal) == RunStatus.CANCELLED:
            return Outcome.CANCELLED
        raise refusal

    def _runs(self, service: str, order: int) -> list[ProductRun]:
        found = self._access.ask(
            service, {"dpRequestId": order}, f"the runs of order {order}", list[_Run]
        )
        runs = [_run_of(one) for one in found]
        with self._lock:
            for run in runs:
                if run.status is RunStatus.COMPLETE:
                    self._completed.setdefault(run.id, self._clock.monotonic())
                else:
                    self._completed.pop(run.id, None)
        return runs


def size_of(text: object) -> int | None:
    """Bytes of a text such as `2 MB`, with factors of 1024; None where it is none."""
    match = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    number = _number(match[1])
    power = " KMGTPE".index(match[2].upper() or " ")
    return None if number is None else round(number * 1024**power)


def seconds_of(text: object) -> float | None:
    """Seconds of a text such as `20 s`, `1.5 min` or `2 hour`; None where it is none."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    parts = _TIME.findall(text) if isinstance(text, str) else []
    numbers = [(_number(amount), _SECONDS[unit.lower()]) for amount, unit in parts]
    if not numbers or any(number is None for number, _ in numbers):
        return None
    return float(sum(number * unit for number, unit in numbers if number is not None))


def citations_of(rows: object) -> tuple[Citation, ...]:
    """Citations of an answer; those without text are left out."""
    listed = rows if isinstance(rows, list) else []
    return tuple(
        Citation(
            citation=row["citation"],
            doi=row.get("doi"),
            landing_page=row.get("landingPageUrl"),
            query=row.get("queryPid"),
        )
        for row in listed
        if isinstance(row, dict) and isinstance(row.get("citation"), str)
    )


def _run_of(one: _Run) -> ProductRun:
    word = one.status.strip().lower()
    known = {status.value for status in RunStatus}
    position = one.queue_position
    return ProductRun(
        id=one.dp_run_id,
        status=RunStatus(word) if word in known else RunStatus.RUNNING,
        files=one.file_count or 0,
        queue_position=position if isinstance(position, int) else None,
    )


def _none(index: FileIndex) -> Outcome:
    """What no file means: at the first place that the run has found nothing."""
    return Outcome.NO_DATA if index == 1 else Outcome.NO_MORE


def _not_yet(answer: StreamedAnswer) -> NotYet:
    body = b"".join(answer.chunks())
    try:
        waiting = msgspec.json.decode(body, type=_Waiting)
    except msgspec.DecodeError:
        return NotYet()
    return NotYet(message=waiting.message or waiting.status)


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None
