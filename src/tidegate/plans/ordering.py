"""The ordering side of a run: a task becomes files to fetch, from the archive or made to order."""

from __future__ import annotations

import logging
import random
import threading
from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.model.errors import Refused, TooMuch, TransportError
from tidegate.model.products import RunStatus
from tidegate.plans.changes import take_listing
from tidegate.plans.citations import citations_of_files
from tidegate.plans.download_desk import FileJob
from tidegate.plans.log import (
    ARCHIVE,
    COMPLETE,
    DELIVERY,
    DOWNLOADING,
    QUEUED,
    REQUESTED,
    RUNNING,
    SKIPPED,
    Estimate,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegate.model.products import ArchiveFile, ProductRun, Stay
    from tidegate.plans.download_desk import Desk
    from tidegate.plans.log import TaskEntry
    from tidegate.plans.resuming import Due

logger = logging.getLogger(__name__)

_SHARE_OF_ESTIMATE: Final = 0.02
_JITTER: Final = 0.2

_SOURCE: Final = ("locationCode", "deviceCategoryCode", "deviceCode")
_DIVERSION: Final = "dpo_hydrophoneDataDiversionMode"
_AS_RECORDED: Final = {
    "dpo_hydrophoneAcquisitionMode": "All",
    "dpo_hydrophoneChannel": "All",
    "dpo_audioDownsample": "-1",
}
"""Options with the value that changes nothing of what the archive holds."""
_DIVERTED: Final = ("LPF", "HPF")


class ProductFailed(TransportError):
    """The platform could not make a product."""

    code = "product-failed"


class ProductCancelled(TransportError):
    """Somebody cancelled the run of a product."""

    code = "product-cancelled"


def archive_filters(filters: Mapping[str, str]) -> dict[str, str] | None:
    """What to ask the archive for instead of ordering; None if only an order gives the same."""
    options = {name: value for name, value in filters.items() if name.startswith("dpo_")}
    options.pop(_DIVERSION, None)
    if filters.get("propertyCode") or any(
        _AS_RECORDED.get(name) != value for name, value in options.items()
    ):
        return None
    asked = {name: filters[name] for name in _SOURCE if filters.get(name)}
    return asked | {name: filters[name] for name in ("dataProductCode", "extension")}


def is_wanted(file: ArchiveFile, filters: Mapping[str, str]) -> bool:
    """True if a file of the archive is one that the filters and the diversion mode ask for."""
    stem, _, ending = file.name.rpartition(".")
    mode = filters.get(_DIVERSION, "All")
    is_diverted = next((mark for mark in _DIVERTED if stem.endswith(f"-{mark}")), "OD")
    return ending == filters.get("extension") and mode in {"All", is_diverted}


class Ordering:
    """Turns tasks into files to fetch; a thread keeps a task until its runs are over."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stays: dict[tuple[tuple[str, str], ...], list[Stay]] = {}
        self._stays_lock = threading.Lock()

    def jobs(self, due: Due) -> list[FileJob]:
        """The files of a task that are still to be fetched, once the platform has them.

        Raises:
            TransportError: the platform refuses, fails, or cannot be asked.
            TooMuch: the platform expects more bytes than one run may give.
            Stopped: the run is to end.
        """
        task = due.task
        if task.status == DOWNLOADING and task.runs:
            return self._left(due)
        self._desk.gate()
        task.asked_at = self._desk.stamp()
        if not task.dp_request_id and self._take_archive(due):
            return self._left(due)
        self._make(due)
        return self._left(due)

    def _take_archive(self, due: Due) -> bool:
        """List the archive; False if it has nothing, so that the product is to be ordered."""
        desk, filters = self._desk, due.definition.filters
        asked = archive_filters(filters) if desk.pace.prefer_archive else None
        if asked is None:
            return False
        listed = [
            file for file in desk.source.archive(asked, due.task.window) if is_wanted(file, filters)
        ]
        desk.answered()
        if not listed and due.task.route != ARCHIVE:
            return False
        due.task.route = ARCHIVE
        take_listing(desk, due, listed)
        self._cite(due, asked, listed)
        desk.state(due, DOWNLOADING)
        return True

    def _cite(self, due: Due, asked: Mapping[str, str], listed: Sequence[ArchiveFile]) -> None:
        """How the files are to be cited; a platform that does not say keeps none from coming."""
        try:
            found = citations_of_files(listed, self._stays_of(asked), due.task.window)
        except TransportError as problem:
            logger.warning("%s: no citations: %s", due.definition.label, problem)
            return
        with self._desk.journal.lock:
            due.task.citations = [msgspec.to_builtins(one) for one in found]

    def _stays_of(self, asked: Mapping[str, str]) -> list[Stay]:
        """The stays of a source, asked for once in a run."""
        source = {name: asked[name] for name in _SOURCE if name in asked}
        key = tuple(source.items())
        with self._stays_lock:
            if key not in self._stays:
                self._stays[key] = self._desk.source.stays(source)
            return self._stays[key]

    def _make(self, due: Due) -> None:
        """Order, unless that is done, and wait until every run is over."""
        is_resumed = bool(due.task.dp_request_id)
        try:
            if not is_resumed:
                self._order(due)
            self._await_runs(due)
        except Refused:
            if not is_resumed:
                raise
            due.task.forget_request()
            self._order(due)
            self._await_runs(due)

    def _order(self, due: Due) -> None:
        desk, task = self._desk, due.task
        order = desk.source.order(due.definition.filters, task.window)
        desk.answered()
        with desk.journal.lock:
            task.route = DELIVERY
            task.dp_request_id = order.id
            task.requested_at = desk.stamp()
            task.estimate = Estimate(bytes=order.size, seconds=order.seconds)
            task.citations = [msgspec.to_builtins(one) for one in order.citations]
            task.messages = [*order.messages]
        desk.state(due, REQUESTED)

    def _await_runs(self, due: Due) -> None:
        desk, size = self._desk, due.task.estimate.bytes
        limit = desk.pace.max_bytes
        if limit is not None and size is not None and size > limit:
            remedy = "split the range further, or raise maxBytesPerRun"
            raise TooMuch("the files of one run", size, limit, remedy)
        while True:
            began = desk.clock.monotonic()
            runs = desk.source.run(due.task.dp_request_id)
            desk.answered()
            self._take(due, runs)
            if runs and all(run.status.is_over for run in runs):
                break
            desk.pause(self._interval(due.task))
            self._spend(due.task, desk.clock.monotonic() - began)
        _require_complete(runs)
        desk.state(due, DOWNLOADING)

    def _interval(self, task: TaskEntry) -> float:
        least, most = self._desk.pace.poll
        expected = (task.estimate.seconds or 0) * _SHARE_OF_ESTIMATE
        return min(most, max(least, expected)) * random.uniform(1 - _JITTER, 1 + _JITTER)

    @staticmethod
    def _spend(task: TaskEntry, seconds: float) -> None:
        if task.status == QUEUED:
            task.times.queuing += seconds
        else:
            task.times.running += seconds

    def _take(self, due: Due, runs: list[ProductRun]) -> None:
        """What the platform says of the runs."""
        desk, task = self._desk, due.task
        with desk.journal.lock:
            for run in runs:
                entry = task.run(run.id)
                entry.status = run.status.value
                entry.file_count = run.files
                entry.started_at = entry.started_at or desk.stamp()
                if run.status.is_over:
                    entry.ended_at = entry.ended_at or desk.stamp()
        if not all(run.status.is_over for run in runs):
            is_queued = all(run.status is RunStatus.QUEUED for run in runs)
            desk.state(due, QUEUED if is_queued else RUNNING)

    def _left(self, due: Due) -> list[FileJob]:
        jobs = []
        with self._desk.journal.lock:
            for run in due.task.runs:
                if not run.is_listed and run.status == COMPLETE:
                    for number in range(1, run.file_count + 1):
                        run.file(str(number))
                jobs += [FileJob(due, run, file) for file in run.files if _is_left(file.status)]
                if not run.is_listed and run.status == COMPLETE:
                    jobs.append(FileJob(due, run))
        return jobs


def _is_left(status: str) -> bool:
    return status not in {COMPLETE, SKIPPED}


def _require_complete(runs: list[ProductRun]) -> None:
    if any(run.status is RunStatus.COMPLETE for run in runs):
        return
    numbers = ", ".join(str(run.id) for run in runs)
    if all(run.status is RunStatus.CANCELLED for run in runs):
        raise ProductCancelled(
            f"run {numbers} was cancelled", hint="--retry-failed orders it again"
        )
    raise ProductFailed(
        f"the platform could not make the product of run {numbers}",
        hint="look at the options of the row; the same command tries it again",
    )
