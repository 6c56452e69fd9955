"""Messages between a store's owner and those who ask it, and errors that rise on the other side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
import pyarrow as pa

from tidegate.model import errors
from tidegate.model.errors import StoreError, TidegateError

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

HANDSHAKE: Final = "handshake"
"""The one message whose form is the same in all releases: JSON of `Greeting`."""


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner says of itself.

    `database` is device and inode of the file that it owns, so that a pointer that came along in
    a copied folder leads nobody to the wrong store.
    """

    protocol: str
    pid: int
    database: tuple[int, int]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One verb to do; the table named by `streamed` follows in batches.

    `call` stays the same when a call is made again. Past `expires`, an instant of the machine's
    monotonic clock, nobody waits for the answer any more and the verb must not begin.
    """

    verb: str
    call: str
    expires: float
    arguments: msgspec.Raw
    tables: dict[str, bytes] = {}
    streamed: str | None = None


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error as it travels."""

    kind: str
    message: str
    hint: str | None
    fields: dict[str, Any]
    state: dict[str, Any]


class Ending(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last message of every answer: the value, if there is one, or what went wrong."""

    value: msgspec.Raw = msgspec.Raw(b"\xc0")
    failure: Failure | None = None


def encode(message: Any) -> bytes:
    """A message or argument as bytes."""
    return msgspec.msgpack.encode(message, enc_hook=_plain)


def decode(data: Any, kind: type[T]) -> T:
    """The message of some bytes.

    Raises:
        msgspec.DecodeError: the bytes are no such message.
    """
    return msgspec.msgpack.decode(data, type=kind)


def pack(table: pa.Table) -> bytes:
    """A small table as bytes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def unpack(tables: Mapping[str, bytes]) -> dict[str, pa.Table]:
    """The tables of what `pack` made."""
    return {name: pa.ipc.open_stream(data).read_all() for name, data in tables.items()}


def failure_of(error: Exception) -> Failure:
    """An error as it travels; one that is not ours tells only what it is."""
    if not isinstance(error, TidegateError):
        error = StoreError(f"the owner of the store failed: {type(error).__name__}: {error}")
    state = {name: value for name, value in vars(error).items() if name not in _OWN}
    return Failure(
        kind=type(error).__name__,
        message=error.message,
        hint=error.hint,
        fields=error.fields,
        state=state,
    )


def error_of(failure: Failure) -> TidegateError:
    """The error of a failure, of the class that it had."""
    kind = getattr(errors, failure.kind, StoreError)
    if not (isinstance(kind, type) and issubclass(kind, TidegateError)):
        kind = StoreError
    error = kind.__new__(kind)
    TidegateError.__init__(error, failure.message, hint=failure.hint, **failure.fields)
    vars(error).update(failure.state)
    return error


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()  # of NumPy and Arrow, which the rooms above compute with
    return list(value) if isinstance(value, Iterable) else str(value)


_OWN: Final = frozenset(vars(TidegateError("")))
