"""No request, however odd, makes the stand-in fail."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TIMES = st.one_of(
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.dates().map(str),
    st.sampled_from(["2024-01-01", "2024-02-01T00:00:00Z", "", "now", "9999-12-31", "0001-01-01"]),
)
WORDS = st.sampled_from(["halfHour", "hour", "day", "week", "month", "manual", "merged", "x", ""])
FLAGS = st.sampled_from(["true", "False", "1", ""])
COUNTS = st.one_of(st.integers(-5, 10**8).map(str), st.sampled_from(["", "1.5", "٣"]))
IDS = st.sampled_from(["R733", "R801", "VM9", "VM16", "VM17", "R124", "733", "9", "801", "R", ""])


def parameters(**kinds):
    """Some of the parameters, each of its kind."""
    return st.fixed_dictionaries({}, optional=kinds)


relaxed = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@relaxed
@given(
    parameters(
        id=IDS,
        startTime=TIMES,
        endTime=TIMES,
        periodCount=COUNTS,
        periodType=WORDS,
        calibrated=FLAGS,
        interpolated=FLAGS,
        format=st.sampled_from(["standard", "complete", "x"]),
    )
)
def test_the_web_api_answers_or_refuses(web, query):
    """Every query gives readings or a refusal with a reason."""
    answer = web.get("/readings", **query)
    assert answer.status_code in {200, 400}
    assert answer.json()["readings" if answer.status_code == 200 else "details"] is not None


@relaxed
@given(
    parameters(
        registerId=IDS,
        virtualMeterId=IDS,
        start=TIMES,
        end=TIMES,
        decimalPlaces=COUNTS,
        integrationPeriod=WORDS,
        source=WORDS,
        calibrated=FLAGS,
        interpolated=FLAGS,
        useLocalTime=FLAGS,
    ),
    st.sampled_from(["/registerReadings/list", "/virtualMeterReadings/list"]),
)
def test_the_app_api_answers_or_refuses(app, query, path):
    """Every query gives a list or a refusal with a reason."""
    answer = app.get(path, **query)
    assert answer.status_code in {200, 400}
    assert isinstance(answer.json(), list if answer.status_code == 200 else dict)
