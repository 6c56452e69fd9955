"""How often and how many at once."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.model.errors import BadValue, Interrupted
from tidegate.transport.limiter import Limiter

if TYPE_CHECKING:
    from tests.transport.conftest import SteppingClock

NEVER = threading.Event()


def test_rate_spaces_starts(clock: SteppingClock):
    """Starts lie one over the rate apart; the first waits for nothing."""
    limiter = Limiter(rate=4, clock=clock)
    starts = []
    for _ in range(4):
        with limiter.slot(NEVER):
            starts.append(clock.now)
    assert starts == [1000.0, 1000.25, 1000.5, 1000.75]


def test_idle_time_is_not_saved_up(clock: SteppingClock):
    """A pause of the caller earns no burst."""
    limiter = Limiter(rate=1, clock=clock)
    with limiter.slot(NEVER):
        clock.now += 100
    starts = []
    for _ in range(2):
        with limiter.slot(NEVER):
            starts.append(clock.now)
    assert starts == [1100.0, 1101.0]


def test_no_rate_means_no_wait(clock: SteppingClock):
    """Without a rate nothing waits."""
    limiter = Limiter(clock=clock)
    for _ in range(10):
        with limiter.slot(NEVER):
            pass
    assert clock.waits == []


def test_hold_off_holds_everybody(clock: SteppingClock):
    """A pause asked for by the platform moves every start behind it."""
    limiter = Limiter(rate=10, clock=clock)
    limiter.hold_off(5)
    limiter.hold_off(2)
    with limiter.slot(NEVER):
        assert clock.now == 1005.0


def test_places_are_bounded():
    """No more exchanges are open at once than there are places."""
    limiter = Limiter(in_flight=2)
    lock = threading.Lock()
    now, most = 0, 0

    def work() -> None:
        nonlocal now, most
        with limiter.slot(NEVER):
            with lock:
                now += 1
                most = max(most, now)
            time.sleep(0.02)
            with lock:
                now -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


def test_place_is_given_back_after_an_error():
    """A failed exchange frees its place."""
    limiter = Limiter(in_flight=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), limiter.slot(NEVER):
            raise ZeroDivisionError
    with limiter.slot(NEVER):
        pass


def test_cancelling_ends_the_wait():
    """Who waits for a place or a turn stops at once when cancelled."""
    limiter = Limiter(in_flight=1)
    stopped = threading.Event()
    stopped.set()
    with limiter.slot(NEVER), pytest.raises(Interrupted), limiter.slot(stopped):
        pass
    limiter.hold_off(60)
    with pytest.raises(Interrupted), limiter.slot(stopped):
        pass


@pytest.mark.parametrize("settings", [{"rate": 0}, {"rate": -1}, {"in_flight": 0}])
def test_nonsense_is_refused(settings: dict[str, Any]):
    """Rates and numbers that would stop everything are refused by name."""
    with pytest.raises(BadValue, match="requests"):
        Limiter(**settings)


def test_spaced_widens_the_gap_for_a_while(clock: SteppingClock):
    """Starts lie the larger of both apart inside the block, as before after it."""
    limiter = Limiter(rate=1, clock=clock)
    starts = []
    with limiter.spaced(2.0):
        for _ in range(3):
            with limiter.slot(NEVER):
                starts.append(clock.now)
    with limiter.spaced(0.5), limiter.slot(NEVER):
        starts.append(clock.now)
    with limiter.slot(NEVER):
        starts.append(clock.now)
    assert starts == [1000.0, 1002.0, 1004.0, 1006.0, 1007.0]


def test_a_stop_ends_a_pause_and_no_turn(clock: SteppingClock):
    """Once stopped nobody waits for a platform's pause, but for the turn of a rate."""
    limiter = Limiter(rate=4, clock=clock)
    stopped = threading.Event()
    stopped.set()
    with limiter.slot(NEVER, stopped):
        pass
    with limiter.slot(NEVER, stopped):
        assert clock.now == 1000.25
    limiter.hold_off(60)
    with pytest.raises(Interrupted), limiter.slot(NEVER, stopped):
        pass
    assert clock.now == 1000.25


def test_a_pause_is_whole_while_nobody_stops(clock: SteppingClock):
    """Looking for a stop now and then makes a pause no shorter."""
    limiter = Limiter(clock=clock)
    limiter.hold_off(5)
    with limiter.slot(NEVER, threading.Event()):
        assert clock.now == pytest.approx(1005.0)
