"""The command line: a command parses, calls one service and prints."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyclopts import CycloptsError

    from tidegate.model.errors import UsageError

_FULL = {errno.ENOSPC, errno.EDQUOT}

BUG = 70
"""Exit code of an error that nobody foresaw (EX_SOFTWARE)."""


def main() -> NoReturn:
    """Run the command of `sys.argv` and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(words: Sequence[str]) -> int:
    """Run one command and give its exit code; raises only with `--debug`."""
    debug = "--debug" in words
    try:
        return _dispatch(list(words), debug=debug)
    except KeyboardInterrupt:
        print("\nstopped; what was confirmed is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _discard_stdout()
        return 0
    except Exception as problem:
        if debug:
            raise
        return _report(problem)


def _dispatch(words: list[str], *, debug: bool) -> int:
    from cyclopts import CycloptsError

    from tidegate.cli.app import app
    from tidegate.cli.logs import show_logs
    from tidegate.cli.spelling import respelled

    show_logs(quiet="--quiet" in words, debug=debug)
    try:
        result = app(respelled(words), print_error=False, exit_on_error=False)
    except CycloptsError as error:
        raise _usage_error(error) from error
    sys.stdout.flush()
    return result if isinstance(result, int) else 0


def _usage_error(error: CycloptsError) -> UsageError:
    from tidegate.model.errors import UsageError

    words = " ".join(("help", *(error.command_chain or ())))
    return UsageError(" ".join(str(error).split()), hint=f"tidegate {words} shows how")


def _report(problem: Exception) -> int:
    from tidegate.cli.output import show_error
    from tidegate.model.errors import DiskFull, TidegateError

    if isinstance(problem, OSError) and problem.errno in _FULL and problem.filename is None:
        _discard_stdout()
        problem = DiskFull("standard output")
    if isinstance(problem, TidegateError):
        show_error(problem)
        return problem.exit_code
    # The words of such an error may repeat data that is to stay here.
    print(f"error[bug]: {type(problem).__name__} {_place_of(problem)}", file=sys.stderr)
    print("hint: run it again with --debug and report what it prints", file=sys.stderr)
    return BUG


def _place_of(problem: BaseException) -> str:
    """Where in the program an error arose."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (
        "" if trace is None else f"in {trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}"
    )


def _discard_stdout() -> None:
    """Let the interpreter close a standard output whose reader has gone, without complaint."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
