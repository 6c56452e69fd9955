"""Plans that are carried out again and again."""

from __future__ import annotations

import signal
import threading

import pytest

from tidegate.model.errors import BadValue, NotSignedIn, TidegateError
from tidegate.plans.journal import LogBusy
from tidegate.services import watching


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every interval is over at once."""
    monkeypatch.setattr(watching, "elapsed", lambda _text: 1)


def press_soon() -> None:
    """Ctrl-C, a moment from now, to the main thread."""
    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(0.05, signal.pthread_kill, (main, signal.SIGINT)).start()


def unexpected(error: TidegateError) -> None:
    """A failure that no round should have."""
    raise error


@pytest.mark.usefixtures("ticks")
def test_a_busy_log_is_told_of_and_a_refused_token_is_the_end() -> None:
    outcomes: list[int | TidegateError] = [0, LogBusy("plan.json"), 3, 1, 29]
    told: list[TidegateError] = []

    def once() -> int:
        outcome = outcomes.pop(0)
        if isinstance(outcome, TidegateError):
            raise outcome
        return outcome

    assert watching.watch("15m", once, failed=told.append) == NotSignedIn.exit_code
    assert outcomes == []
    assert [one.code for one in told] == ["log-busy"]


def test_the_first_round_must_begin() -> None:
    def busy() -> int:
        raise LogBusy("plan.json")

    with pytest.raises(LogBusy):
        watching.watch("15m", busy, failed=unexpected)
    with pytest.raises(BadValue):
        watching.watch("month", busy, failed=unexpected)


def test_the_first_ctrl_c_ends_a_pause() -> None:
    calls: list[int] = []

    def once() -> int:
        calls.append(1)
        press_soon()
        return 0

    before = signal.getsignal(signal.SIGINT)
    assert watching.watch("7d", once, failed=unexpected) == 130
    assert calls == [1]
    assert signal.getsignal(signal.SIGINT) is before
