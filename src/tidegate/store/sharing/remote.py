"""The other end of the line: a store that another process owns, asked over its socket."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa
from pyarrow import flight

from tidegate.model.errors import StoreBusy
from tidegate.store.files import DATABASE
from tidegate.store.sharing.contract import Shape, protocol
from tidegate.store.sharing.forks import leave_to_parent
from tidegate.store.sharing.lines import hang_up
from tidegate.store.sharing.places import is_ours, read_pointer
from tidegate.store.sharing.wire import (
    HANDSHAKE,
    Call,
    Ending,
    Greeting,
    decode,
    encode,
    error_of,
    pack,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.store.sharing.contract import Verb

_LONGEST_CALL_S: Final = 6 * 3600.0
_LONGEST_GREETING_S: Final = 2.0
_BATCH: Final = 65_536
_OWN_CONNECTION: Final = [("grpc.use_local_subchannel_pool", 1)]


class LineBroken(Exception):
    """The owner is gone, or was never there; `silent` if it is there and does not answer."""

    def __init__(self, why: str, *, silent: bool = False) -> None:
        super().__init__(why)
        self.silent = silent


class Remote:
    """A line to the owner of a store; use `reach`, not the constructor."""

    def __init__(self, socket: Path, pid: int, *, patience: float) -> None:
        self.pid = pid
        self._patience = patience
        self._client = _connect(socket)
        self._watch = _Watch(socket, patience)

    @classmethod
    def reach(cls, folder: Path, *, patience: float) -> Remote:
        """A line to whoever owns the store in a folder.

        Raises:
            LineBroken: nobody answers that we believe to be the owner.
            StoreBusy: the owner is of another release.
        """
        pointer = read_pointer(folder)
        if pointer is None:
            raise LineBroken("nobody says that it owns the store")
        socket = Path(pointer.socket)
        if not is_ours(socket):
            raise LineBroken(f"{socket} is no socket of ours")
        greeting = _greeting(socket, min(patience, _LONGEST_GREETING_S))
        if greeting.database != _identity(folder / DATABASE):
            raise LineBroken(f"process {greeting.pid} owns another store")
        if greeting.protocol != protocol():
            raise StoreBusy(
                f"process {greeting.pid} has {folder} open and is of another release",
                hint="end it, or run the release that it is of",
                pid=greeting.pid,
            )
        return cls(socket, greeting.pid, patience=patience)

    def close(self) -> None:
        """End the line; calls that are open fail."""
        self._watch.stop()
        self._client.close()

    def perform(
        self, verb: Verb, call: str, arguments: msgspec.Raw, tables: dict[str, pa.Table]
    ) -> Any:
        """What a verb answers there.

        Raises:
            LineBroken: the line broke before the answer was whole (a stream: before its first
                batch); whether the verb was done is not known.
        """
        streamed = max(tables, key=lambda name: tables[name].nbytes, default=None)
        message = Call(
            verb=verb.name,
            call=call,
            expires=time.monotonic() + self._patience,
            arguments=arguments,
            tables={name: pack(table) for name, table in tables.items() if name != streamed},
            streamed=streamed,
        )
        answer = self._messages(encode(message), tables[streamed] if streamed else None)
        if verb.shape is Shape.VALUE:
            return decode(next(answer), verb.answer)
        schema = next(answer).schema
        if verb.shape is Shape.TABLE:
            return pa.Table.from_batches([one for one in answer if _is_batch(one)], schema)
        return pa.RecordBatchReader.from_batches(schema, _told(answer))

    def _messages(self, command: bytes, table: pa.Table | None) -> Iterator[Any]:
        """The batches of an answer, then its encoded value."""
        with self._watch.call(), self._breaking():
            options = flight.FlightCallOptions(timeout=_LONGEST_CALL_S)
            descriptor = flight.FlightDescriptor.for_command(command)
            writer, reader = self._client.do_exchange(descriptor, options)
            try:
                refused = _upload(writer, table)
                yield from _answered(reader, refused)
            finally:
                reader.cancel()
                with suppress(flight.FlightError, pa.ArrowException, OSError):
                    writer.close()

    @contextmanager
    def _breaking(self) -> Iterator[None]:
        try:
            yield
        except (flight.FlightError, pa.ArrowException, OSError) as error:
            silent = self._watch.silent
            raise LineBroken(_first_line(error), silent=silent) from error


class _Watch:
    """Asks an owner for a sign of life while calls are open, and ends them if there is none.

    A deadline alone would have to be longer than the longest call that is well.
    """

    def __init__(self, socket: Path, patience: float) -> None:
        self.silent = False
        self._socket = socket
        self._patience = patience
        self._open = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        threading.Thread(target=self._work, name="tidegate-watch", daemon=True).start()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Watch over one call."""
        with self._lock:
            self._open += 1
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1

    def stop(self) -> None:
        """Watch no longer."""
        self._stopped.set()

    def _work(self) -> None:
        while not self._stopped.wait(self._patience / 5):
            if self._open and not self._is_alive():
                self.silent = True
                hang_up(self._socket)
                return

    def _is_alive(self) -> bool:
        try:
            _greeting(self._socket, self._patience / 2)
        except LineBroken as broken:
            return not broken.silent
        return True


def _identity(database: Path) -> tuple[int, int]:
    try:
        status = database.stat()
    except OSError as error:
        raise LineBroken("the store is gone") from error
    return status.st_dev, status.st_ino


def _connect(socket: Path) -> Any:
    location = flight.Location.for_grpc_unix(str(socket))
    client = flight.connect(location, generic_options=_OWN_CONNECTION)
    leave_to_parent(client)
    return client


def _greeting(socket: Path, timeout: float) -> Greeting:
    """What the owner at a socket says of itself, over a connection of its own.

    Raises:
        LineBroken: nobody answers, or not in time.
    """
    client = _connect(socket)
    try:
        options = flight.FlightCallOptions(timeout=timeout)
        (result,) = client.do_action(flight.Action(HANDSHAKE, b""), options)
        return msgspec.json.decode(result.body, type=Greeting)
    except flight.FlightTimedOutError as error:
        raise LineBroken("the owner does not answer", silent=True) from error
    except (flight.FlightError, pa.ArrowException, OSError, ValueError) as error:
        raise LineBroken(_first_line(error)) from error
    finally:
        client.close()


def _upload(writer: Any, table: pa.Table | None) -> Exception | None:
    """Send the table of a call; the error if the other end stopped listening before the end."""
    try:
        if table is not None:
            writer.begin(table.schema)
            writer.write_table(table, max_chunksize=_BATCH)
        writer.done_writing()
    except (flight.FlightError, pa.ArrowException, OSError) as error:
        return error
    return None


def _answered(reader: Any, refused: Exception | None) -> Iterator[Any]:
    while True:
        try:
            chunk = reader.read_chunk()
        except StopIteration:
            raise refused or OSError("the answer ended early") from None
        if chunk.data is not None:
            yield chunk.data
        else:
            ending = decode(chunk.app_metadata, Ending)
            if ending.failure is not None:
                raise error_of(ending.failure)
            yield bytes(ending.value)
            return


def _told(answer: Iterator[Any]) -> Iterator[pa.RecordBatch]:
    """The batches of a stream, whose reader learns in our words that the line broke."""
    try:
        yield from (one for one in answer if _is_batch(one))
    except LineBroken as broken:
        raise StoreBusy(
            "the process that owned the store ended, or fell silent, while it was read",
            hint="run it again",
        ) from broken


def _is_batch(message: Any) -> bool:
    return isinstance(message, pa.RecordBatch)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].partition(". gRPC")[0]
