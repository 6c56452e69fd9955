"""What the DCS seed asks of planning; names carry the ids of its lines."""

from __future__ import annotations

from tidegate.model.connector import Capabilities
from tidegate.model.coverage import Coverage, CoverageState
from tidegate.model.instants import DAY, parse
from tidegate.model.windows import Window
from tidegate.plans.splitting import plan
from tidegate.transport.limiter import Limiter

YEAR = Window(parse("2024-01-01"), parse("2025-01-01"))
NOW = parse("2026-01-01")


def test_d32_as_few_requests_as_the_server_allows():
    """A year of one register is one request, or one a month where the server allows 31 days."""
    assert len(plan(["R733"], YEAR, [], Capabilities(), now=NOW)) == 1
    monthly = Capabilities(max_window=31 * DAY)
    assert len(plan(["R733"], YEAR, [], monthly, now=NOW)) == 12


def test_d32_only_what_is_missing():
    """What was fetched before is not asked for again."""
    done = Coverage(subject="R733", window=YEAR, state=CoverageState.DONE, asked_at=NOW)
    wider = Window(YEAR.start, YEAR.end + 7 * DAY)
    (task,) = plan(["R733"], wider, [done], Capabilities(), now=NOW)
    assert task.window == Window(YEAR.end, wider.end)


def test_d32_one_request_at_a_time():
    """A platform that says nothing else is asked one thing at a time, a few at most."""
    assert Capabilities().parallel == 1
    assert Limiter().in_flight <= 4
