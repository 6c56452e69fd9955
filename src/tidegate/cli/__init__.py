"""The command line: a command parses, calls one service and prints."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyclopts import CycloptsError

    from tidegate.model.errors import UsageError

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
    from tidegate.model.errors import TidegateError

    if isinstance(problem, TidegateError):
        show_error(problem)
        return problem.exit_code
    print(f"error[bug]: {type(problem).__name__}: {problem}", file=sys.stderr)
    print("hint: run it again with --debug and report what it prints", file=sys.stderr)
    return BUG


def _discard_stdout() -> None:
    """Let the interpreter close a standard output whose reader has gone, without complaint."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
