"""Compressed bodies in whatever pieces they come."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.model.errors import AnswerTooLarge, MalformedAnswer, Unreachable
from tidegate.transport.decoding import Gauge, decoder
from tidegate.transport.limits import AnswerLimits

if TYPE_CHECKING:
    from collections.abc import Callable


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "identity": bytes,
}


def _decoded(encoding: str, sent: bytes, size: int) -> bytes:
    body = decoder(encoding)
    pieces = [sent[at : at + size] for at in range(0, len(sent), size)]
    whole = b"".join(part for piece in pieces for part in body.decode(piece))
    body.finish()
    return whole


@given(st.binary(max_size=5000), st.sampled_from(sorted(ENCODINGS)), st.integers(1, 3000))
def test_round_trip(body: bytes, encoding: str, size: int):
    """What was compressed comes out whole, however it is cut on the way."""
    assert _decoded(encoding, ENCODINGS[encoding](body), size) == body


@given(st.binary(min_size=1, max_size=500), st.integers(2, 300))
def test_raw_deflate(body: bytes, size: int):
    """Deflate without its header, as some servers send it, is understood."""
    assert _decoded("deflate", _raw_deflate(body), max(size, 64)) == body


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(1, 400))
def test_members(bodies: list[bytes], size: int):
    """A gzip body of several members is all of them."""
    sent = b"".join(gzip.compress(body) for body in bodies)
    assert _decoded("gzip", sent, size) == b"".join(bodies)


@given(st.binary(min_size=1, max_size=2000), st.data())
def test_truncation_is_noticed(body: bytes, data: st.DataObject):
    """A compressed body without its end is an error, wherever it was cut."""
    sent = gzip.compress(body)
    cut = data.draw(st.integers(1, len(sent) - 1))
    with pytest.raises(Unreachable):
        _decoded("gzip", sent[:cut], 100)


def test_data_after_the_end():
    """Bytes after a body of deflate, or after gzip that are no gzip, are malformed."""
    with pytest.raises(MalformedAnswer):
        _decoded("deflate", zlib.compress(b"x") + b"more", 1000)
    with pytest.raises(MalformedAnswer):
        _decoded("gzip", gzip.compress(b"x") + b"more", 1000)


def test_pieces_are_bounded():
    """No piece is larger than 256 KiB, however well it was compressed."""
    body = decoder("gzip")
    sizes = [len(piece) for piece in body.decode(gzip.compress(bytes(5 << 20)))]
    assert max(sizes) <= 1 << 18
    assert sum(sizes) == 5 << 20


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "rot13"])
def test_unknown(encoding: str):
    """An encoding that was not asked for is malformed."""
    with pytest.raises(MalformedAnswer):
        decoder(encoding)


class TestGauge:
    """Limits of one body."""

    def test_encoded(self):
        """Too many bytes as sent are refused."""
        gauge = Gauge(AnswerLimits(encoded=10), held=False)
        gauge.arrived(10)
        with pytest.raises(AnswerTooLarge, match="10"):
            gauge.arrived(1)

    @pytest.mark.parametrize(("held", "limit"), [(True, 10), (False, 20)])
    def test_decoded(self, held: bool, limit: int):
        """A body that is held has a lower limit than one that is streamed."""
        gauge = Gauge(AnswerLimits(whole=10, decoded=20), held=held)
        gauge.arrived(100)
        gauge.gave(limit)
        with pytest.raises(AnswerTooLarge):
            gauge.gave(1)

    def test_ratio(self):
        """The ratio counts only once enough was decoded to tell."""
        gauge = Gauge(AnswerLimits(ratio=10, ratio_from=1000), held=False)
        gauge.arrived(50)
        gauge.gave(1000)
        with pytest.raises(AnswerTooLarge, match="10 times"):
            gauge.gave(1)
