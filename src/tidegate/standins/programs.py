"""Running a stand-in as a program: what the command lines of all of them have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.errors import BadTime, UnknownZone
from tidegate.standins.faulting import BadFault

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence


class BadOption(ValueError):
    """An option that names what cannot be used."""


def run(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    serve: Callable[[argparse.Namespace], None],
) -> int:
    """Runs a stand-in with options as on a command line; gives the exit code.

    Args:
        parser: of the options; `host` and `port` are among them.
        arguments: those of the process if None.
        serve: serves by the options until it is stopped; it may raise `BadOption`.
    """
    given = parser.parse_args(arguments)
    try:
        serve(given)
    except (BadTime, UnknownZone, BadFault, BadOption) as problem:
        parser.error(str(problem))
    except OSError as problem:
        if problem.filename:
            parser.error(f"cannot read {problem.filename}: {problem.strerror}")
        parser.error(f"cannot listen on {given.host} port {given.port}: {problem.strerror}")
    return 0
