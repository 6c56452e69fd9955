"""The Web API of the stand-in: parameters, limits and refusals."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest

from tidegate.standins.dcs import Choices, Limits, Options, running

DAY = {"startTime": "2024-01-01T00:00:00Z", "endTime": "2024-01-02T00:00:00Z"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"id": "733", **DAY}, "R or VM"),
        ({"id": "R733"}, "Exactly two"),
        ({"id": "R733", **DAY, "periodCount": 3}, "Exactly two"),
        ({"id": "R733", **DAY, "format": "wide"}, "format must be"),
        ({"id": "VM9", **DAY, "format": "complete"}, "not available"),
        ({"id": "R733", **DAY, "periodType": "year"}, "periodtype must be"),
        ({"id": "R733", **DAY, "calibrated": "maybe"}, "true or false"),
        ({"id": "R733", "startTime": "2024-01-01T00:10:00Z", "periodCount": 1}, "boundary"),
        ({"id": "R733", "startTime": "yesterday", "periodCount": 1}, "not a time"),
        ({"id": "R733", "startTime": "2024-01-01T00:00:00Z", "periodCount": 0}, "positive"),
        (
            {"id": "R733", "startTime": "2024-01-02", "periodCount": 1, "periodType": "week"},
            "boundary of a week",
        ),
        (
            {"id": "R733", "startTime": "2024-01-02", "periodCount": 1, "periodType": "month"},
            "boundary of a month",
        ),
        ({"id": "R124", **DAY, "periodType": "hour"}, "only available by halfHour"),
        ({"id": "R405", **DAY}, "no register with the id 405"),
        ({"id": "VM733", **DAY}, "no virtual meter with the id 733"),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused_with_a_reason(web, given, words):
    """Every mistake gives 400 and a body whose only property is a text that names it."""
    answer = web.get("/readings", **given)
    assert answer.status_code == 400
    assert list(answer.json()) == ["details"]
    assert words in answer.json()["details"]


@pytest.mark.parametrize("text", ["Hour", "hour", "HOUR"])
def test_words_are_taken_in_any_case_and_answered_canonically(web, text):
    """Periods, ids and booleans may be written in any case; the answer uses one spelling."""
    answer = web.json("/readings", id="r733", **DAY, periodType=text, calibrated="TRUE")
    assert answer["periodType"] == "hour"
    assert len(answer["readings"]) == 24


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("halfHour", "2024-02-29T23:00:00Z", "2024-03-01T00:30:00Z"),
        ("week", "2024-02-26T00:00:00Z", "2024-03-18T00:00:00Z"),
        ("month", "2024-12-01T00:00:00Z", "2025-03-01T00:00:00Z"),
    ],
)
def test_three_periods_may_be_counted_from_either_end(web, period, start, end):
    """A start or an end with a count of periods resolves to the same span."""
    forward = web.json("/readings", id="R733", startTime=start, periodCount=3, periodType=period)
    back = web.json("/readings", id="R733", endTime=end, periodCount=3, periodType=period)
    assert forward == back
    assert (forward["startTime"], forward["endTime"]) == (start, end)
    assert len(forward["readings"]) == 3


def test_totals_grow_by_the_period_values(web):
    """The total of each reading is that of the one before plus its period value."""
    rows = web.json("/readings", id="R733", **DAY, format="complete")["readings"]
    for row, later in pairwise(rows):
        assert later["totalValue"] == pytest.approx(row["totalValue"] + row["periodValue"])


def test_readings_end_at_the_last_complete_half_hour(web):
    """A span into the future stops before now; one that lies in it is empty."""
    rows = web.json("/readings", id="R733", startTime="2024-01-01T00:00:00Z", endTime="2100-01-01")
    last = datetime.fromisoformat(rows["readings"][-1]["timestamp"])
    assert 1800 <= (datetime.now(last.tzinfo) - last).total_seconds() < 3700
    future = web.json("/readings", id="R733", startTime="2099-01-01", endTime="2100-01-01")
    assert future["readings"] == []


def test_a_span_over_the_limit_is_refused(call):
    """The limits of signed-in and anonymous callers count in days."""
    with running(Options(limits=Limits(signed_in_days=10, public_days=1))) as standin:
        api = call(standin.base_web)
        ask = {"id": "R733", "startTime": "2024-01-01T00:00:00Z"}
        assert api.get("/readings", **ask, periodCount=480).status_code == 200
        assert "10 days" in api.get("/readings", **ask, periodCount=481).json()["details"]
        assert api.get("/public/readings", **ask, periodCount=49).status_code == 400


@pytest.mark.parametrize(("back_off", "kind"), [("text", str), ("number", int)])
def test_the_rate_limit_counts_down_and_then_refuses(call, back_off, kind):
    """Accepted answers say what is left; the next gives 429 with whole seconds to wait."""
    limits = Limits(signed_in_rate=3, rate_period_s=3600)
    with running(Options(limits=limits, choices=Choices(back_off=back_off))) as standin:
        api = call(standin.base_web)
        left = [api.get("/status").headers["X-Rate-Limit-Remaining"] for _ in range(3)]
        refused = api.get("/status")
    assert left == ["2", "1", "0"]
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert isinstance(refused.json()["backOffSuggestion"], kind)


def test_public_use_can_be_switched_off(call):
    """Without the public endpoint anonymous calls give 403, and calls without a session 401."""
    with running(Options(public=False)) as standin:
        api = call(standin.base_web, "nobody")
        assert api.get("/public/meters").status_code == 403
        assert api.get("/meters").status_code == 401


def test_instantaneous_series_may_ignore_the_period(call):
    """The other known behaviour answers half hours whatever was asked."""
    with running(Options(choices=Choices(instantaneous_periods="ignore"))) as standin:
        answer = call(standin.base_web).json("/readings", id="R124", **DAY, periodType="hour")
    assert answer["periodType"] == "halfHour"
    assert len(answer["readings"]) == 48


def test_answers_are_compressed_only_when_gzip_is_offered(web):
    """gzip is used when it is offered and never otherwise."""
    for offered, used in (("gzip, deflate", "gzip"), ("identity", None), ("gzip;q=0", None)):
        answer = web.http.get(web.base + "/meters", headers={"Accept-Encoding": offered})
        assert answer.headers.get("Content-Encoding") == used
        assert answer.json()
