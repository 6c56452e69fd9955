"""The fetching side of a run: one file from the platform to its final name."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import ServerFault, TransportError
from tidegate.model.products import NotYet, Outcome, Received
from tidegate.plans.download_desk import FileJob, fault_of, is_passing
from tidegate.plans.files import PartFile, Stored, sha256_of
from tidegate.plans.log import ARCHIVE, COMPLETE, ERROR, META, FileEntry
from tidegate.plans.naming import folder_of
from tidegate.plans.ordering import ProductCancelled

if TYPE_CHECKING:
    from tidegate.model.products import FileIndex
    from tidegate.plans.download_desk import Desk

_TAG: Final = 8
"""Digits of a task's name that tell its files from those of others."""


class Gone(TransportError):
    """The platform has removed what a run made; it is to be ordered again."""

    code = "gone"
    retryable = True


class Receiving:
    """Fetches files, each with as many tries as the pace allows."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def fetch(self, job: FileJob) -> None:
        """Fetch the file of a job; one that fails for good is marked so.

        Raises:
            Gone, ProductCancelled: the run has nothing to fetch any more.
            DiskFull, StoreError: the folder cannot take it.
            NotSignedIn: the platform does not accept the token any more.
            Stopped: the run is to end.
            Interrupted: the transfer was cut.
        """
        if job.file is not None:
            self._one(job, job.file)
            return
        number = job.run.file_count
        while self._next(job, str(number + 1)):
            number += 1
        if number and self._desk.pace.include_metadata:
            self._next(job, META)
        with self._desk.journal.lock:
            job.run.is_listed = True
            job.run.file_count = number
            self._desk.journal.task(job.due.task)

    def _next(self, job: FileJob, index: str) -> bool:
        """Fetch a file that the run may have; False if it has none."""
        entry = next((one for one in job.run.files if one.index == index), None)
        if entry is None:
            entry = FileEntry(index=index)
            self._one(job, entry)
        return entry.status == COMPLETE

    def _one(self, job: FileJob, entry: FileEntry) -> None:
        desk = self._desk
        began = time.monotonic()
        try:
            stored = self._adopted(job, entry) or self._persist(job, entry)
        except (Gone, ProductCancelled):
            raise
        except TransportError as error:
            self._mark(job, entry, ERROR, error)
            desk.tell(job.due, fault_of(error))
            desk.weigh(error)
            return
        if stored is None:
            self._absent(job, entry)
            return
        job.due.task.times.downloading += time.monotonic() - began
        self._keep(job, entry, stored)

    def _absent(self, job: FileJob, entry: FileEntry) -> None:
        """The run has no file of this index: it is no file of the run any more."""
        with self._desk.journal.lock:
            job.run.files = [one for one in job.run.files if one is not entry]

    def _keep(self, job: FileJob, entry: FileEntry, stored: Stored) -> None:
        desk = self._desk
        desk.own(stored.path, job.due.task.task_id, stored.sha256)
        entry.path, entry.size, entry.sha256 = stored.path, stored.size, stored.sha256
        entry.complaint, entry.kept = stored.complaint, stored.kept
        entry.downloaded_at = desk.stamp()
        self._mark(job, entry, COMPLETE, None)
        desk.received(entry.name, stored.size)
        if stored.complaint:
            desk.report.complaints.append(f"{stored.path} {stored.complaint}")

    def _mark(
        self, job: FileJob, entry: FileEntry, status: str, error: TransportError | None
    ) -> None:
        with self._desk.journal.lock:
            entry.status = status
            entry.error = None if error is None else fault_of(error)
            if not any(one is entry for one in job.run.files):
                job.run.files.append(entry)
            self._desk.journal.file(job.due.task, job.run.dp_run_id, entry)

    def _adopted(self, job: FileJob, entry: FileEntry) -> Stored | None:
        """A whole file of the archive that an earlier tool left under its name, if one did."""
        is_new = job.due.task.route == ARCHIVE and not entry.sha256 and entry.size
        if not is_new or not self._desk.folder.has(entry.path, entry.size):
            return None
        digest = sha256_of(self._desk.folder.root / entry.path)
        return Stored(path=entry.path, size=entry.size, sha256=digest, was_there=True)

    def _persist(self, job: FileJob, entry: FileEntry) -> Stored | None:
        desk = self._desk
        part = self._part(job, entry)
        tries = 0
        while True:
            desk.gate()
            try:
                return self._attempt(job, entry, part)
            except TransportError as error:
                tries += 1
                if not is_passing(error) or tries > desk.pace.retries or isinstance(error, Gone):
                    part.drop()
                    name = part.name or entry.name or f"file {entry.index}"
                    desk.progress.update("file.failed", subject=name)
                    raise
                if not part.resumable:
                    part.drop()
                desk.back_off(tries, error)
            except BaseException:
                part.drop()
                raise

    def _attempt(self, job: FileJob, entry: FileEntry, part: PartFile) -> Stored | None:
        """One try; None if the run has no such file."""
        desk, task = self._desk, job.due.task
        entry.attempts += 1
        is_archive = job.run.dp_run_id == 0
        if is_archive:
            answer: Received | NotYet | Outcome = desk.source.fetch(
                entry.name, part, offset=part.size if part.resumable else 0
            )
        else:
            answer = self._awaited(job, entry, part)
        desk.answered()
        if isinstance(answer, Outcome):
            _require_end(answer, job)
            return None
        if not isinstance(answer, Received):
            raise ServerFault("the platform told of no file", hint="run the same command again")
        entry.name = part.name
        told = entry.size if is_archive and not entry.sha256 and entry.size else None
        tag = task.task_id[:_TAG]
        return desk.folder.land(
            part,
            tag,
            lambda path: desk.owner(path, task.task_id),
            own=entry.sha256 or None,
            size=told,
        )

    def _awaited(self, job: FileJob, entry: FileEntry, part: PartFile) -> Received | Outcome:
        """The file of a run, once the platform has it ready."""
        desk = self._desk
        index: FileIndex = "meta" if entry.index == META else int(entry.index)
        while True:
            answer = desk.source.receive(job.run.dp_run_id, index, part)
            if not isinstance(answer, NotYet):
                return answer
            if answer.message and answer.message not in job.run.messages:
                with desk.journal.lock:
                    job.run.messages = [*job.run.messages, answer.message]
            pause = desk.pace.poll[0] if answer.pause is None else answer.pause
            desk.pause(pause)
            job.due.task.times.transferring += pause

    def _part(self, job: FileJob, entry: FileEntry) -> PartFile:
        desk, task = self._desk, job.due.task
        tag = task.task_id[:_TAG]
        if job.run.dp_run_id == 0:
            folder = desk.folder.root / entry.path
            tag = f"{tag}-{hashlib.sha256(entry.name.encode()).hexdigest()[:4]}"
            return PartFile(folder.parent, tag, abort=desk.brake.abort, received=self._told(entry))
        folders = folder_of(desk.pace.layout, job.due.definition.filters, task.window.start)
        return PartFile(
            desk.folder.root / folders,
            f"{tag}-{job.run.dp_run_id}-{entry.index}",
            abort=desk.brake.abort,
            received=self._told(entry),
        )

    def _told(self, entry: FileEntry) -> Telling:
        return Telling(self._desk, entry)


class Telling:
    """Tells progress of the bytes of one file."""

    def __init__(self, desk: Desk, entry: FileEntry) -> None:
        self._progress = desk.progress
        self._entry = entry

    def __call__(self, name: str, amount: int) -> None:
        """So many bytes came of the file with a name."""
        total = self._entry.size or None
        self._progress.update("file.received", amount=amount, total=total, subject=name)


def _require_end(outcome: Outcome, job: FileJob) -> None:
    """Nothing under this index; raises where that means more than the end of the run.

    Raises:
        Gone: the run is too old.
        ProductCancelled: somebody cancelled it.
    """
    number = job.run.dp_run_id
    if outcome is Outcome.GONE:
        raise Gone(f"the files of run {number} are gone", hint="they are ordered again")
    if outcome is Outcome.CANCELLED:
        hint = "--retry-failed orders it again"
        raise ProductCancelled(f"run {number} was cancelled", hint=hint)
