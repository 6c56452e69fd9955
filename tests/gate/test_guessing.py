"""Lock-out against guessing."""

from __future__ import annotations

import pytest

from tidegate.gate.guessing import ADDRESS_ATTEMPTS, ATTEMPTS, FORGOTTEN_S, GuessingGuard
from tidegate.gate.refusals import TooManyAttempts


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(clock: Clock) -> GuessingGuard:
    return GuessingGuard(clock)


def fail(guard: GuessingGuard, times: int, *, name: str = "max", address: str = "a") -> None:
    for _ in range(times):
        guard.failed(name, address)


def wait_of(guard: GuessingGuard, name: str = "max", address: str = "a") -> int:
    try:
        guard.admit(name, address)
    except TooManyAttempts as refusal:
        return refusal.wait
    return 0


def test_a_few_failures_are_free(guard):
    """Who mistypes a password a few times does not wait."""
    fail(guard, ATTEMPTS - 1)
    assert wait_of(guard) == 0


def test_waits_double(guard, clock):
    """Each further failure doubles the wait, up to a quarter of an hour."""
    fail(guard, ATTEMPTS)
    waits = [wait_of(guard)]
    for _ in range(14):
        clock.now += waits[-1]
        assert wait_of(guard) == 0
        fail(guard, 1)
        waits.append(wait_of(guard))
    assert waits[:5] == [2, 4, 8, 16, 32]
    assert waits[-1] == 900


def test_a_success_clears_the_name(guard):
    """Who proves the identity starts anew."""
    fail(guard, ATTEMPTS - 1)
    guard.succeeded("max", "a")
    fail(guard, ATTEMPTS - 1)
    assert wait_of(guard) == 0


def test_nobody_can_lock_others_out(guard):
    """A name is held up only where it was guessed from, and other names there are not."""
    fail(guard, ATTEMPTS)
    assert wait_of(guard) > 0
    assert wait_of(guard, address="b") == 0
    assert wait_of(guard, name="rita") == 0


def test_many_names_from_one_address(guard):
    """Trying one password on many names is held up by the address."""
    for number in range(ADDRESS_ATTEMPTS):
        fail(guard, 1, name=f"user{number}")
    assert wait_of(guard, name="another") > 0
    assert wait_of(guard, name="another", address="b") == 0


def test_failures_are_forgotten(guard, clock):
    """After an hour without any, failures no longer count."""
    fail(guard, ATTEMPTS - 1)
    clock.now += FORGOTTEN_S + 1
    fail(guard, ATTEMPTS - 1)
    assert wait_of(guard) == 0


def test_memory_is_bounded(guard, monkeypatch):
    """Made-up names cannot fill the memory."""
    monkeypatch.setattr("tidegate.gate.guessing._MOST", 100)
    for number in range(500):
        guard.failed(f"user{number}", str(number))
    assert len(guard._failures) <= 101
