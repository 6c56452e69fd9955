"""Opening a store as its owner or by way of its owner, and keeping it open when that one ends."""

from __future__ import annotations

import functools
import logging
import os
import random
import threading
import time
import uuid
import weakref
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, cast

import msgspec

from tidegate.model.closing import Closing
from tidegate.model.errors import StoreBusy, StoreError
from tidegate.store.sharing.contract import VERBS, Shape
from tidegate.store.sharing.owner import Owner, answer, arguments_of
from tidegate.store.sharing.places import read_pointer
from tidegate.store.sharing.remote import LineBroken, Remote
from tidegate.store.sharing.wire import decode, encode
from tidegate.store.verbs import Verbs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from tidegate.store.sharing.contract import Verb

logger = logging.getLogger(__name__)

PATIENCE_S: Final = 10.0
"""Seconds to wait for a store that another process has and does not answer for."""

_FIRST_PAUSE_S: Final = 0.02
_LONGEST_PAUSE_S: Final = 0.5


class OpenedStore(Verbs, Protocol):
    """A store in this process or in another; a context manager.

    Every verb may raise `StoreBusy`: the process that owns the store does not answer.
    It belongs to the process that opened it: a forked child must open one of its own.
    """

    def close(self) -> None:
        """Let the store go; another process may own it then."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_store(path: Path, *, create: bool = True, patience: float = PATIENCE_S) -> OpenedStore:
    """Open the store in a folder, as its owner or by way of the process that owns it.

    Args:
        path: the folder.
        create: make the store if there is none.
        patience: seconds to wait for an owner that does not answer.

    Raises:
        NotFound: there is no store and `create` is not set.
        StoreBusy: another process has it open and does not answer, or is of another release.
        StoreTooNew: a later release wrote it.
        StoreDamaged: its file cannot be read.
    """
    return cast("OpenedStore", SharedStore(path.absolute(), create=create, patience=patience))


class SharedStore(Closing):
    """A handle on a store that finds the owner anew, or becomes it, when the owner ends."""

    def __init__(self, folder: Path, *, create: bool, patience: float) -> None:
        self._folder = folder
        self._patience = patience
        self._process = os.getpid()
        self._electing = threading.Lock()
        self._hold = _Hold(elect(folder, create=create, wait=patience, patience=patience))
        self._let_go = weakref.finalize(self, self._hold.let_go)

    def close(self) -> None:
        """Let the store go; another process may own it then."""
        self._let_go()

    def perform(self, verb: Verb, *args: Any, **kwargs: Any) -> Any:
        """What a verb answers, wherever it is done."""
        line = self._line()
        if isinstance(line, Owner):
            return getattr(line.store, verb.name)(*args, **kwargs)
        given, tables = verb.split(*args, **kwargs)
        arguments, call = msgspec.Raw(encode(given)), uuid.uuid4().hex
        until = time.monotonic() + 2 * self._patience
        while isinstance(line, Remote):
            try:
                return line.perform(verb, call, arguments, tables)
            except LineBroken as broken:
                logger.debug("the line to process %s broke: %s", line.pid, broken)
                if time.monotonic() > until:
                    raise _busy(self._folder, str(broken)) from broken
                line = self._elect_again(line, wait=0 if broken.silent else self._patience)
        return _done_here(line, verb, call, arguments, tables)

    def _line(self) -> Owner | Remote:
        line = self._hold.line
        if line is None:
            raise StoreError("the store is closed", hint="open it again")
        if self._process != os.getpid():
            raise StoreError(
                f"{self._folder} was opened before this process was forked",
                hint="fork first, or start processes with the method 'spawn'",
            )
        return line

    def _elect_again(self, broken: Remote, *, wait: float) -> Owner | Remote:
        """The line that comes after a broken one; one thread finds it for all."""
        with self._electing:
            if self._line() is broken:
                broken.close()
                time.sleep(random.uniform(0, _FIRST_PAUSE_S))
                self._hold.line = elect(
                    self._folder, create=False, wait=wait, patience=self._patience
                )
            return self._line()


class _Hold:
    """What a handle holds, so that it can be let go without the handle."""

    def __init__(self, line: Owner | Remote) -> None:
        self.line: Owner | Remote | None = line
        self._process = os.getpid()

    def let_go(self) -> None:
        line, self.line = self.line, None
        if self._process != os.getpid():
            return
        if isinstance(line, Owner):
            line.release()
        elif line is not None:
            line.close()


def elect(folder: Path, *, create: bool, wait: float, patience: float) -> Owner | Remote:
    """Own the store in a folder or reach its owner, whichever can be done first.

    Args:
        folder: the folder of the store.
        create: make the store if there is none.
        wait: seconds after which to stop trying.
        patience: seconds that the owner may be silent later, while it is asked.

    Raises:
        StoreBusy: neither could be done.
    """
    until = time.monotonic() + wait
    pause = _FIRST_PAUSE_S
    while True:
        try:
            return Owner.take(folder, create=create)
        except StoreBusy as error:
            busy = error
        try:
            return Remote.reach(folder, patience=patience)
        except LineBroken as broken:
            if time.monotonic() > until:
                raise _busy(folder, str(broken)) from busy
        time.sleep(random.uniform(pause / 2, pause))
        pause = min(pause * 1.5, _LONGEST_PAUSE_S)


def _done_here(
    owner: Owner, verb: Verb, call: str, arguments: msgspec.Raw, tables: dict[str, Any]
) -> Any:
    """What a verb answers that another process was asked first, and may have done."""
    if verb.shape is Shape.VALUE:
        return decode(answer(owner.store, verb, call, arguments, tables), verb.answer)
    return getattr(owner.store, verb.name)(**arguments_of(verb, arguments, tables))


def _busy(folder: Path, why: str) -> StoreBusy:
    pointer = read_pointer(folder)
    if pointer is None:
        return StoreBusy(
            f"another process has {folder} open ({why})", hint="wait until it ends, or stop it"
        )
    return StoreBusy(
        f"process {pointer.pid} on {pointer.host} has {folder} open and does not answer ({why})",
        hint=f"end it, or let it go on: kill -CONT {pointer.pid}",
        pid=pointer.pid,
    )


def _carry(verb: Verb) -> Callable[..., Any]:
    @functools.wraps(verb.function)
    def carried(self: SharedStore, *args: Any, **kwargs: Any) -> Any:
        return self.perform(verb, *args, **kwargs)

    return carried


for _verb in VERBS.values():
    setattr(SharedStore, _verb.name, _carry(_verb))
