"""The steps of the demo that its run as a whole does not show."""

from __future__ import annotations

import os

import pytest

from tidegate.model.errors import RunFailed
from tidegate.model.instants import DAY, parse, to_datetime
from tidegate.services import demo


def test_span_is_whole_weeks_from_monday(monkeypatch):
    """The demo is about the last twelve whole weeks, Monday to Monday; suppliers change midway."""
    for today in ("2026-03-02", "2026-03-04T12:00", "2026-03-08T23:59"):
        monkeypatch.setattr(demo, "now", lambda today=today: parse(today))
        span = demo.Span.latest()

        assert {to_datetime(one).weekday() for one in (span.start, span.switch, span.end)} == {0}
        assert span.end == parse("2026-03-02")
        assert span.end - span.start == 84 * DAY
        assert span.switch - span.start == 42 * DAY


def test_own_secrets_puts_the_setting_back(tmp_path, monkeypatch):
    """The demo's own file of secrets is used within it alone."""
    for before in (None, "/elsewhere"):
        if before:
            monkeypatch.setenv("TIDEGATE_SECRETS", before)
        with demo.own_secrets(tmp_path):
            assert os.environ["TIDEGATE_SECRETS"].startswith(str(tmp_path))
        assert os.environ.get("TIDEGATE_SECRETS") == before


def test_a_stand_in_that_does_not_start_is_an_error(tmp_path, monkeypatch):
    """When the stand-in ends at once the demo says where to look."""
    monkeypatch.setattr(demo, "METERS", "many")
    with pytest.raises(RunFailed) as failed, demo.standin(tmp_path):
        pass

    assert "standin.log" in str(failed.value.hint)
    assert "invalid int value" in (tmp_path / "standin.log").read_text()
