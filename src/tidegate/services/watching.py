"""Carrying out a plan again and again, on the beat of the clock, until somebody stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.errors import Interrupted, NotSignedIn, TidegateError
from tidegate.model.instants import now
from tidegate.services.selection import elapsed
from tidegate.services.stopping import stopping

if TYPE_CHECKING:
    from collections.abc import Callable

_LAST = frozenset({Interrupted.exit_code, NotSignedIn.exit_code})


def watch(every: str, once: Callable[[], int], *, failed: Callable[[TidegateError], object]) -> int:
    """Call once in every interval of UTC; a call that takes longer is followed by one more.

    Nothing is held between calls, so that another process may work on the same plan in a pause.
    What a later call raises, such as a plan that another process works on or a cell that is wrong
    meanwhile, is handed to `failed`, and the next call comes in its time.

    Args:
        every: the interval, such as `15m` or `1d`.
        once: gives an exit code; it sees to Ctrl-C itself.
        failed: told of errors.

    Returns:
        The exit code: that of an interrupt, or of a token that is not accepted.

    Raises:
        BadValue: the interval is none of a fixed length.
        TidegateError: the first call failed, or the token is not accepted any more.
    """
    step = elapsed(every)
    is_first = True
    while True:
        began = now()
        try:
            code = once()
        except TidegateError as error:
            if is_first or isinstance(error, Interrupted | NotSignedIn):
                raise
            failed(error)
        else:
            if code in _LAST:
                return code
        is_first = False
        with stopping() as stop:
            if stop.wait(max(0, began // step * step + step - now()) / 1e6):
                return Interrupted.exit_code
