"""How long to wait for an answer, and how large it may become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEBIBYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait.

    Attributes:
        connect: for a connection, encryption included.
        read: for the next bytes; data servers compute long before they answer.
        write: for the request to be taken.
        whole: for one answer from first to last byte, so that a drip of bytes ends too.
    """

    connect: float = 10.0
    read: float = 120.0
    write: float = 60.0
    whole: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLimits:
    """Bytes that an answer may have.

    Attributes:
        whole: decoded, where the body is held in memory.
        encoded: as sent, where the body is streamed.
        decoded: decoded, where the body is streamed.
        ratio: decoded to encoded, once more than `ratio_from` bytes were decoded. Readings of one
            constant compress 60 times, a bomb 1,000 times.
        error: of an error's body, the rest of which is not read.
    """

    whole: int = 256 * MEBIBYTE
    encoded: int = 4096 * MEBIBYTE
    decoded: int = 16384 * MEBIBYTE
    ratio: int = 400
    ratio_from: int = 8 * MEBIBYTE
    error: int = 64 * 1024
