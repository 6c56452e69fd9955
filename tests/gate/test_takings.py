"""The journal of takings: whole lines, several writers, torn lines, owner-only."""

import subprocess
import sys

import pytest

from tidegate.gate.takings import NAME, Taking, enter, takings
from tidegate.model.errors import BadFile


def _taking(records, **given):
    return Taking(
        **{"actor": "owner", "connection": "ocpi", "module": "sessions"} | given,
        records=records,
        format="jsonl",
        channel="ocpi get",
    )


def test_takings_come_back_in_order_and_only_the_owner_reads_them(tmp_path):
    """What was entered comes back as it was, oldest first; nobody else may read the file."""
    first, second = _taking(3, at=10), _taking(4, at=20, view="city", actor="key 1")
    enter(tmp_path, first)
    enter(tmp_path, second)
    assert list(takings(tmp_path)) == [first, second]
    assert list(takings(tmp_path, since=11)) == [second]
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_no_journal_is_no_takings(tmp_path):
    """A store from which nothing was taken has no takings."""
    assert list(takings(tmp_path)) == []


def test_a_torn_line_costs_only_itself(tmp_path):
    """A line cut off by a crash is passed over, and the next one is not glued to it."""
    enter(tmp_path, _taking(1))
    with (tmp_path / NAME).open("ab") as journal:
        journal.write(b'{"at":12,"actor":"own')
    enter(tmp_path, _taking(2))
    assert [taking.records for taking in takings(tmp_path)] == [1, 2]


def test_several_programs_keep_one_journal(tmp_path):
    """Lines of programs that write at the same time are all whole."""
    script = (
        "import sys, pathlib; from tidegate.gate.takings import Taking, enter\n"
        "for n in range(200):\n"
        "    enter(pathlib.Path(sys.argv[1]), Taking(actor=sys.argv[2], connection='c' * 300,\n"
        "          module='m', records=n, format='jsonl', channel='x'))\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name]) for name in "abc"
    ]
    assert [one.wait(30) for one in running] == [0, 0, 0]
    found = list(takings(tmp_path))
    assert all([t.records for t in found if t.actor == name] == list(range(200)) for name in "abc")


def test_a_journal_that_cannot_be_written_is_an_error(tmp_path):
    """Records do not leave unnoticed: a journal that cannot be written is told."""
    (tmp_path / NAME).mkdir()
    with pytest.raises(BadFile, match=r"takings\.jsonl"):
        enter(tmp_path, _taking(1))
