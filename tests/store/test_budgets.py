"""Tests of the time that a request may take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tidegate.model.budgets import OutOfTime, require_time, time_budget
from tidegate.store.engine.duckdb import Engine, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG = "SELECT sum(sin(a.range * b.range)) FROM range(10000000) a, range(10000000) b"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine on an empty file."""
    path = tmp_path / "store.duckdb"
    connect(path).close()
    opened = Engine.open(path)
    yield opened
    opened.close()


def test_a_statement_is_interrupted(engine):
    """A statement that would take for ever ends when the time is up, and the next one works."""
    began = time.monotonic()
    with (
        pytest.raises(OutOfTime, match=r"the 0\.2 seconds that one may"),
        time_budget(0.2),
        engine.reading() as session,
    ):
        session.value(LONG)
    assert time.monotonic() - began < 3
    with engine.reading() as session:
        assert session.value("SELECT 42") == 42


def test_nothing_begins_when_the_time_is_up(engine):
    """A request whose time is up starts no further statement."""
    with time_budget(0.001):
        time.sleep(0.002)
        with pytest.raises(OutOfTime), engine.reading():
            pytest.fail("began")
        with pytest.raises(OutOfTime):
            require_time()


def test_what_was_begun_in_time_may_be_read_out_later(engine):
    """After the block nothing is stopped any more: an answer on its way is sent to its end."""
    with time_budget(0.05):
        session_of = engine.reading()
        session = session_of.__enter__()
    time.sleep(0.1)
    assert session.value("SELECT count(*) FROM range(1000)") == 1000
    session_of.__exit__(None, None, None)


def test_without_a_budget_there_is_time(engine):
    """Who has no budget is never stopped."""
    require_time()
    with engine.reading() as session:
        assert session.value("SELECT 1") == 1
