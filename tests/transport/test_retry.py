"""Which failures are tried again, and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.transport.conftest import SteppingClock

from tidegate.model.errors import (
    AnswerTooLarge,
    MalformedAnswer,
    NotSignedIn,
    Refused,
    ServerFault,
    Throttled,
    TimedOut,
    TransportError,
    Unreachable,
    UnsafeLink,
    UntrustedCertificate,
)
from tidegate.transport.retry import Attempts, RetryPolicy, asked_pause

BUSY = ServerFault("busy", status=503)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Unreachable("x"), True),
        (TimedOut("x"), True),
        (Throttled("x", status=429), True),
        (ServerFault("x", status=502), True),
        (ServerFault("x", status=504), True),
        (ServerFault("x", status=500), False),
        (ServerFault("x", status=501), False),
        (UntrustedCertificate("x"), False),
        (MalformedAnswer("x"), False),
        (AnswerTooLarge("x"), False),
        (UnsafeLink("x"), False),
        (Refused("x", status=400), False),
        (NotSignedIn("x", status=401), False),
    ],
)
def test_classes(error: TransportError, expected: bool):
    """Only what can change by itself is worth another try."""
    assert RetryPolicy().is_worth_retrying(error) is expected


def test_500_where_the_platform_hiccups():
    """500 is tried again where the platform is known for it."""
    assert RetryPolicy(retry_500=True).is_worth_retrying(ServerFault("x", status=500))


@pytest.mark.parametrize(
    ("method", "explicit", "expected"),
    [
        ("GET", None, True),
        ("head", None, True),
        ("POST", None, False),
        ("PUT", None, False),
        ("DELETE", None, False),
        ("POST", True, True),
        ("GET", False, False),
    ],
)
def test_methods(method: str, explicit: bool | None, expected: bool):
    """What may change the server is sent again only on request."""
    assert RetryPolicy().allows(method, explicit) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", 3.0),
        (" 0 ", 0.0),
        ("3s", 3.0),
        ("2.5", 2.5),
        ("Tue, 14 Nov 2023 22:30:30 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("", None),
    ],
)
def test_retry_after(clock: SteppingClock, text: str, expected: float | None):
    """`Retry-After` is a number of seconds or a date; what is neither asks for nothing."""
    assert asked_pause({"retry-after": text}, clock) == expected
    assert asked_pause({}, clock) is None


def test_pauses_double_up_to_the_longest(clock: SteppingClock):
    """Without jitter pauses are the base doubled each time, then the longest."""
    policy = RetryPolicy(attempts=6, base=1.0, longest=5.0, silence=1e9)
    attempts = Attempts(policy, clock, draw=lambda: 1.0)
    assert [attempts.pause_after(BUSY) for _ in range(6)] == [1.0, 2.0, 4.0, 5.0, 5.0, None]


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 50))
def test_jitter_is_full(drawn: float, tries: int):
    """A pause lies anywhere between nothing and its bound."""
    policy = RetryPolicy(attempts=100, silence=1e12)
    attempts = Attempts(policy, SteppingClock(), draw=lambda: drawn)
    for number in range(tries):
        pause = attempts.pause_after(BUSY)
        assert pause is not None
        assert 0 <= pause <= min(policy.longest, policy.base * 2**number)


def test_asked_pause_is_honoured_in_full(clock: SteppingClock):
    """A pause that the platform asks for is never cut, only spread a little."""
    error = Throttled("slow", status=429, retry_after=10.0)
    assert Attempts(RetryPolicy(), clock, draw=lambda: 0.0).pause_after(error) == 10.0
    assert Attempts(RetryPolicy(), clock, draw=lambda: 1.0).pause_after(error) == 11.0


def test_pause_beyond_the_cap(clock: SteppingClock):
    """A pause beyond the cap is an error that knows how long."""
    error = ServerFault("x", status=503, retry_after=121.0, subject="s", details="d")
    with pytest.raises(Throttled) as caught:
        Attempts(RetryPolicy(), clock).pause_after(error)
    found = caught.value
    assert (found.retry_after, found.subject, found.details, found.status) == (121, "s", "d", 503)


def test_silence_ends_patience(clock: SteppingClock):
    """After a time without data no further try is made, however many are left."""
    attempts = Attempts(RetryPolicy(attempts=99, silence=100), clock, draw=lambda: 0.5)
    clock.now += 90
    assert attempts.pause_after(BUSY) is not None
    clock.now += 10
    assert attempts.pause_after(BUSY) is None


def test_arriving_data_renews_patience(clock: SteppingClock):
    """Data begin the time of silence anew."""
    attempts = Attempts(RetryPolicy(attempts=99, silence=100), clock, draw=lambda: 0.5)
    clock.now += 99
    attempts.data_arrived()
    clock.now += 99
    assert attempts.pause_after(BUSY) is not None


def test_asked_pauses_are_no_silence(clock: SteppingClock):
    """A platform that asks for one pause after the other is given every try."""
    slow = Throttled("slow", status=429, retry_after=60.0)
    attempts = Attempts(RetryPolicy(attempts=6, silence=100), clock)
    pauses = []
    while (pause := attempts.pause_after(slow)) is not None:
        pauses.append(pause)
        clock.now += pause
    assert len(pauses) == 5
