"""Starting an OCPI stand-in: in this process for tests, or as a program."""

from __future__ import annotations

import argparse
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tidegate.model import instants
from tidegate.standins import programs, serving
from tidegate.standins.ocpi.application import application
from tidegate.standins.ocpi.faults import KINDS, parse_fault
from tidegate.standins.ocpi.handlers import PREFIX
from tidegate.standins.ocpi.options import COUNTRY, PARTY, VERSIONS, Options
from tidegate.standins.ocpi.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.standins.ocpi.faults import Fault, Faults
    from tidegate.standins.ocpi.service import Entry


@dataclass(frozen=True, slots=True)
class Standin:
    """A stand-in that runs in this process.

    Attributes:
        versions_url: address of its versions.
        token: credentials token that is valid from the start.
        service: its whole state.
    """

    versions_url: str
    token: str
    service: Service

    @property
    def log(self) -> list[Entry]:
        """The requests so far, oldest first."""
        return self.service.log

    @property
    def faults(self) -> Faults[Fault]:
        """The faults in force; add to them or clear them."""
        return self.service.faults


@contextmanager
def running(
    options: Options = Options(), *, faults: Sequence[Fault] = (), **changes: Any
) -> Iterator[Standin]:
    """A stand-in on a loopback port while the block runs.

    Args:
        options: how it is set up.
        faults: faults in force from the start.
        changes: single options by name.
    """
    options = replace(options, **changes)
    service = Service(options)
    service.faults.add(*faults)
    listener = serving.listening(options.host, options.port)
    root = serving.address(listener)
    with serving.running(application(service), listener, dates=False):
        yield Standin(f"{root}{PREFIX}/versions", options.token, service)


def serve(
    options: Options = Options(),
    faults: Sequence[Fault] = (),
    *,
    until_stdin_closes: bool = False,
) -> None:
    """Runs a stand-in until it is stopped; address, token and party go to standard output."""
    service = Service(options)
    service.faults.add(*faults)
    listener = serving.listening(options.host, options.port)
    lines = (
        f"versions  {serving.address(listener)}{PREFIX}/versions",
        f"token     {options.token}",
        f"party     {COUNTRY}-{PARTY}",
    )
    serving.serve(
        application(service),
        listener,
        announce=lines,
        until_stdin_closes=until_stdin_closes,
        dates=False,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a stand-in with options as on a command line; gives the exit code."""
    return programs.run(option_parser(), arguments, _serve)


def _serve(given: argparse.Namespace) -> None:
    faults = [parse_fault(text) for text in given.fault]
    serve(_options(given), faults, until_stdin_closes=given.until_stdin_closes)


def _options(given: argparse.Namespace) -> Options:
    return Options(
        host=given.host,
        port=given.port,
        sessions=given.sessions,
        locations=given.locations,
        tariffs=given.tariffs,
        tokens=given.tokens,
        seed=given.seed,
        spacing_s=given.spacing,
        examples=not given.no_examples,
        versions=tuple(given.versions or VERSIONS),
        token=given.token,
        token_form=given.token_form,
        require_date_from=given.require_date_from,
        routing="check" if given.check_routing else "ignore",
        page_size=given.page_size,
        max_limit=given.max_limit,
        clock=instants.parse(given.clock) if given.clock else None,
        cache_mb=given.cache_mb,
    )


def option_parser() -> argparse.ArgumentParser:
    """The options of the command line, with their help."""
    defaults = Options()
    parser = argparse.ArgumentParser(
        "tidegate standin ocpi",
        description="A stand-in for an OCPI platform.",
        epilog="faults:\n" + "\n".join(f"  {kind:17} {text}" for kind, text in KINDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default=defaults.host, help="address to listen on")
    add("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    add("--sessions", type=int, default=defaults.sessions, help="number of charging sessions")
    add("--locations", type=int, default=defaults.locations, help="number of locations")
    add("--tariffs", type=int, default=defaults.tariffs, help="number of tariffs")
    add("--tokens", type=int, default=defaults.tokens, help="number of tokens")
    add("--seed", type=int, default=defaults.seed, help="number that decides all data")
    add("--spacing", type=float, default=0.0, help="seconds between updates of two sessions")
    add("--no-examples", action="store_true", help="leave out the documented 2.1.1 session")
    add("--version", action="append", dest="versions", choices=VERSIONS, help="a version on offer")
    add("--token", default=defaults.token, help="the made-up token that is valid from the start")
    add("--token-form", choices=("both", "standard", "plain", "base64"), default="both")
    add("--require-date-from", action="store_true", help="refuse sessions without date_from")
    add("--check-routing", action="store_true", help="refuse wrong routing headers")
    add("--page-size", type=int, default=defaults.page_size, help="records if no limit is asked")
    add("--max-limit", type=int, default=defaults.max_limit, help="most records of a page")
    add("--clock", help="instant at which the server's clock starts (the present)")
    add("--cache-mb", type=int, default=0, help="memory for pages to send again")
    add("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    add("--fault", action="append", default=[], metavar="KIND[:NAME=VALUE,...]", help="see below")
    return parser
