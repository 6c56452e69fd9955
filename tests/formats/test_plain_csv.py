"""Blocks of plain CSV are read as the same rows are read one by one."""

from __future__ import annotations

import io
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.formats import pieces, plain, plain_csv
from tidegate.model.errors import BadFile

CELLS = st.text(alphabet='ab1,;"\n\r \té', max_size=4)
LINES = st.lists(st.lists(CELLS, min_size=1, max_size=4).map(",".join), max_size=12)


Taken = tuple[list[str], list[tuple[Any, ...]], list[tuple[int, str]]]


def taken(content: bytes) -> Taken | str:
    """Every row with its line, and what is broken, or the error."""
    try:
        found = pieces.csv_pieces(io.BytesIO(content), "file", ",")
        rows: list[tuple[Any, ...]] = []
        broken: list[tuple[int, str]] = []
        for piece in found.rows:
            columns = [column.to_pylist() for column in piece.columns]
            rows += zip(piece.lines.tolist(), *columns, strict=True)
            broken += piece.broken
    except BadFile as error:
        return str(error)
    return list(found.names), rows, broken


def one_by_one(content: bytes) -> Taken | str:
    """The same without blocks."""
    with mock.patch.object(plain_csv.PlainRows, "_parsed", return_value=None):
        return taken(content)


@settings(max_examples=300, deadline=None)
@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.integers(1, 40))
def test_the_same_rows(lines, ending, ended, block):
    """Whatever the file holds, and wherever blocks end."""
    text = ending.join(["a,b,c", "1,2,3", *lines]) + (ending if ended else "")
    content = text.encode()
    with mock.patch.object(plain, "BLOCK", block):
        assert taken(content) == one_by_one(content)


@pytest.mark.parametrize("bad", [b"x,y,\xff", b'x,"y,z', b"x,y,z,w", b"x", b"", b",,", b"\0,1,2"])
def test_a_row_that_is_not_plain_late_in_a_file(bad):
    """After many plain rows the line of a bad one is told, and rows after it are read."""
    rows = b"".join(b"%d,2,3\n" % number for number in range(300))
    content = b"\xef\xbb\xbfa,b,c\n" + rows + bad + b"\n" + rows
    with mock.patch.object(plain, "BLOCK", 256):
        assert taken(content) == one_by_one(content)


def test_a_line_longer_than_a_block():
    """A line that no block holds is one row all the same."""
    content = b"a,b,c\n1,2,3\n4,5,6\n7,8," + b"9" * 100 + b"\n1,2,3\n"
    for block in range(1, 120):
        with mock.patch.object(plain, "BLOCK", block):
            assert taken(content) == one_by_one(content)


def test_plain_files_are_read_in_blocks(monkeypatch):
    """No row of a plain file is looked at by itself, save the first two."""
    seen: list[str] = []
    texts = pieces._texts

    def counted(*given):
        for text in texts(*given):
            seen.append(text)
            yield text

    monkeypatch.setattr(pieces, "_texts", counted)
    content = b"a,b\n" + b"".join(b"%d,2\n" % number for number in range(1000))
    found = taken(content)
    assert not isinstance(found, str)
    names, rows, _ = found
    assert (names, len(rows), rows[-1]) == (["a", "b"], 1000, (1001, "999", "2"))
    assert len(seen) == 2
