"""Stopping a run in two steps."""

from __future__ import annotations

import signal
import threading

import pytest

from tidegate.plans.interrupts import Brake, pressing


def test_brake_has_two_steps():
    """Pressed once a brake stops, pressed twice it aborts."""
    brake = Brake()
    brake.press()
    assert (brake.stop.is_set(), brake.abort.is_set()) == (True, False)
    brake.press()
    assert brake.abort.is_set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_press(number: signal.Signals):
    """SIGINT and SIGTERM press the brake, and mean what they did before afterwards."""
    brake = Brake()
    before = signal.getsignal(number)
    with pressing(brake):
        signal.raise_signal(number)
        once = (brake.stop.is_set(), brake.abort.is_set())
        signal.raise_signal(number)
    assert once == (True, False)
    assert brake.abort.is_set()
    assert signal.getsignal(number) is before


def test_third_interrupt_is_as_usual():
    """A third Ctrl-C is a `KeyboardInterrupt`."""
    brake = Brake()
    brake.press()
    brake.press()
    with pytest.raises(KeyboardInterrupt), pressing(brake):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_handlers_of_others_stay(monkeypatch: pytest.MonkeyPatch):
    """A handler that somebody else has set is left alone."""
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    brake = Brake()
    try:
        with pressing(brake):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]
    assert not brake.stop.is_set()


def test_other_threads_have_no_signals():
    """Off the main thread nothing is set, and nothing breaks."""
    handlers: list[object] = []

    def work() -> None:
        with pressing(Brake()):
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]
