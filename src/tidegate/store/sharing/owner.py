"""The owner's end of the line: the store that this process holds, and the desk at its socket."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
import pyarrow as pa
from pyarrow import flight

from tidegate.model.errors import StoreBusy
from tidegate.store.files import DATABASE
from tidegate.store.local import LocalStore
from tidegate.store.sharing.contract import VERBS, Shape, Verb, protocol
from tidegate.store.sharing.forks import leave_to_parent
from tidegate.store.sharing.lines import hang_up
from tidegate.store.sharing.places import Pointer, remove_pointer, socket_for, write_pointer
from tidegate.store.sharing.wire import (
    HANDSHAKE,
    Call,
    Ending,
    Greeting,
    decode,
    encode,
    failure_of,
    unpack,
)

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

_LINGER_S: Final = 5.0
"""Seconds without a sign of progress after which an owner who closes ends the calls of others."""
_BATCH: Final = 65_536


class Owner:
    """This process's hold on one store, counted over all who opened it here.

    Use `take`, not the constructor; each `take` needs one `release`.
    """

    _held: ClassVar[dict[Path, Owner]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, folder: Path, store: LocalStore) -> None:
        self.store = store
        self._folder = folder
        self._users = 0
        self._desk: Desk | None = None
        self._socket: Path | None = None

    @classmethod
    def take(cls, folder: Path, *, create: bool) -> Owner:
        """Own the store in a folder.

        Raises:
            StoreBusy: another process owns it.
        """
        folder = folder.resolve()
        with cls._lock:
            owner = cls._held.get(folder)
            if owner is None:
                owner = cls(folder, LocalStore.open(folder, create=create))
                owner._open_desk()
                cls._held[folder] = owner
            owner._users += 1
            return owner

    def release(self) -> None:
        """Give the store back; the last one to do so closes it."""
        with self._lock:
            self._users -= 1
            if self._users > 0:
                return
            del self._held[self._folder]
            if self._socket is not None:
                remove_pointer(self._folder, self._socket)
        closing = self._end_desk()
        self.store.close()
        while closing is not None and closing.is_alive():
            self._hang_up(closing)

    def _open_desk(self) -> None:
        """Answer for the store; without a place for a socket others can only wait."""
        database = self._folder / DATABASE
        try:
            path = socket_for(database)
            if path is None:
                logger.warning("no private folder for a socket: others wait until this one ends")
                return
            self._desk = Desk(path, self.store, database)
            self._socket = path
            pointer = Pointer(socket=str(path), pid=os.getpid(), host=socket.gethostname())
            write_pointer(self._folder, pointer)
        except (OSError, pa.ArrowException) as error:
            logger.warning("cannot answer for %s: %s", self._folder, error)

    def _end_desk(self) -> threading.Thread | None:
        """Take no more calls, let open ones end while they move; the thread that waits for them.

        One that does not move may still be in the engine, which closing the store interrupts.
        """
        if self._desk is None:
            return None
        closing = threading.Thread(target=self._desk.shutdown, name="tidegate-desk", daemon=True)
        closing.start()
        sent = -1
        while closing.is_alive() and sent != self._desk.sent:
            sent = self._desk.sent
            closing.join(_LINGER_S)
        if closing.is_alive():
            self._hang_up(closing)
        return closing

    def _hang_up(self, closing: threading.Thread) -> None:
        assert self._socket is not None
        hang_up(self._socket)
        closing.join(0.2)


class Desk(flight.FlightServerBase):  # type: ignore[misc]
    """Answers the calls of other processes, each in a thread of its own; `sent` counts batches."""

    def __init__(self, path: Path, store: LocalStore, database: Path) -> None:
        super().__init__(flight.Location.for_grpc_unix(str(path)))
        leave_to_parent(self)
        self._store = store
        self._database = database
        self.sent = 0

    def do_action(self, context: Any, action: Any) -> list[bytes]:  # noqa: ARG002
        """Greet: who owns what, and the version of what travels here."""
        if action.type != HANDSHAKE:
            raise flight.FlightServerError("unknown action")
        status = self._database.stat()
        greeting = Greeting(
            protocol=protocol(), pid=os.getpid(), database=(status.st_dev, status.st_ino)
        )
        return [msgspec.json.encode(greeting)]

    def do_exchange(self, context: Any, descriptor: Any, reader: Any, writer: Any) -> None:  # noqa: ARG002
        """Do one verb."""
        try:
            call = _in_time(decode(descriptor.command, Call))
            verb = VERBS[call.verb]
            tables = unpack(call.tables)
            if call.streamed is not None:
                tables[call.streamed] = reader.read_all()
            ending = Ending(value=msgspec.Raw(self._answer(verb, call, tables, writer)))
        except flight.FlightError:
            raise  # the line broke; nobody is there to be told
        except Exception as error:
            logger.debug("a call failed", exc_info=True)
            ending = Ending(failure=failure_of(error))
        writer.write_metadata(encode(ending))

    def _answer(self, verb: Verb, call: Call, tables: dict[str, pa.Table], writer: Any) -> bytes:
        if verb.shape is Shape.VALUE:
            return answer(self._store, verb, call.call, call.arguments, tables)
        given = arguments_of(verb, call.arguments, tables)
        found = getattr(self._store, verb.name)(**given)
        self._send(found, writer)
        return encode(None)

    def _send(self, found: pa.Table | pa.RecordBatchReader, writer: Any) -> None:
        """Send columns in batches, an empty one first that tells their types."""
        writer.begin(found.schema)
        writer.write_batch(pa.RecordBatch.from_pylist([], schema=found.schema))
        reader = found.to_reader(_BATCH) if isinstance(found, pa.Table) else found
        for batch in reader:
            writer.write_batch(batch)
            self.sent += 1


def _in_time(call: Call) -> Call:
    """The call, unless nobody waits for it any more: this process was stopped for a while."""
    if call.expires < time.monotonic():
        raise StoreBusy("the call came too late", hint="run it again")
    return call


def answer(
    store: LocalStore, verb: Verb, call: str, arguments: msgspec.Raw, tables: dict[str, pa.Table]
) -> bytes:
    """The encoded value of a verb; one that writes is done once, however often it is called."""
    given = arguments_of(verb, arguments, tables)

    def done() -> bytes:
        return encode(getattr(store, verb.name)(**given))

    return store.once(call, done) if verb.writes else done()


def arguments_of(verb: Verb, arguments: msgspec.Raw, tables: dict[str, pa.Table]) -> dict[str, Any]:
    """The arguments of a call by name, tables included."""
    given = decode(arguments, verb.arguments)
    return {name: getattr(given, name) for name in verb.arguments.__struct_fields__} | tables
