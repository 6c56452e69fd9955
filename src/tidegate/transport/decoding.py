"""Bodies as sent to bodies as meant: decompression in bounded pieces, with limits."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, Protocol

from tidegate.model.errors import AnswerTooLarge, MalformedAnswer, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.transport.limits import AnswerLimits

_PIECE: Final = 1 << 18
_GZIP: Final = zlib.MAX_WBITS | 16
_RAW: Final = -zlib.MAX_WBITS


class Decoder(Protocol):
    """Turns the bytes of one body, as they come, into those it stands for."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """The decoded pieces that these bytes complete."""
        ...

    def finish(self) -> None:
        """Check that the body is whole.

        Raises:
            Unreachable: it ended too early.
        """
        ...


class Identity:
    """A body sent as it is."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """The same bytes."""
        yield data

    def finish(self) -> None:
        """Do nothing: the framing of HTTP knows whether all has come."""


class Inflate:
    """A body sent as gzip (any number of members) or deflate (with or without zlib's header)."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._inflater = zlib.decompressobj(_GZIP if gzip else zlib.MAX_WBITS)
        self._fresh = True

    def decode(self, data: bytes) -> Iterator[bytes]:
        """The decoded pieces, none larger than 256 KiB."""
        while data:
            if self._inflater.eof:
                if not self._gzip:
                    raise MalformedAnswer("the answer goes on after the end of its compressed body")
                self._inflater = zlib.decompressobj(_GZIP)
            piece = self._inflate(data)
            self._fresh = False
            if piece:
                yield piece
            data = self._inflater.unconsumed_tail or self._inflater.unused_data

    def finish(self) -> None:
        """Check that the last member has ended."""
        if not self._fresh and not self._inflater.eof:
            raise Unreachable(
                "the answer broke off inside its compressed body", hint="run the same command again"
            )

    def _inflate(self, data: bytes) -> bytes:
        try:
            return self._inflater.decompress(data, _PIECE)
        except zlib.error:
            if self._fresh and not self._gzip:
                self._inflater = zlib.decompressobj(_RAW)
                self._fresh = False
                return self._inflate(data)
            raise MalformedAnswer("the answer is not compressed as it says") from None


def decoder(encoding: str) -> Decoder:
    """The decoder of a `Content-Encoding`.

    Raises:
        MalformedAnswer: the encoding is one that we never ask for.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return Identity()
    if name in {"gzip", "x-gzip"}:
        return Inflate(gzip=True)
    if name == "deflate":
        return Inflate(gzip=False)
    raise MalformedAnswer(
        f"the answer is encoded as '{name[:40]}', which was not asked for",
        hint="a proxy on the way may do this; ask its operator",
    )


class Gauge:
    """Counts the bytes of one body and refuses more than the limits allow."""

    def __init__(self, limits: AnswerLimits, *, held: bool) -> None:
        self._limits = limits
        self._most = limits.whole if held else limits.decoded
        self.encoded = 0
        self.decoded = 0

    def arrived(self, amount: int) -> None:
        """Count bytes as sent.

        Raises:
            AnswerTooLarge: there are too many.
        """
        self.encoded += amount
        if self.encoded > self._limits.encoded:
            raise _too_large(self._limits.encoded)

    def gave(self, amount: int) -> None:
        """Count bytes as decoded.

        Raises:
            AnswerTooLarge: there are too many, or too many for the bytes sent.
        """
        self.decoded += amount
        if self.decoded > self._most:
            raise _too_large(self._most)
        limits = self._limits
        if self.decoded > limits.ratio_from and self.decoded > self.encoded * limits.ratio:
            raise AnswerTooLarge(
                f"the answer grows more than {limits.ratio} times when decompressed",
                hint="this is no honest data; tell the operator of the platform",
            )


def _too_large(limit: int) -> AnswerTooLarge:
    return AnswerTooLarge(
        f"the answer is larger than {limit:,} bytes", hint="ask for less time at once"
    )
