"""Starting an ONC stand-in: in this process for tests, or as a program."""

from __future__ import annotations

import argparse
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import MsgspecError

from tidegate.model import instants
from tidegate.standins import programs, serving
from tidegate.standins.onc.application import application
from tidegate.standins.onc.faults import KINDS, parse_fault
from tidegate.standins.onc.options import Options
from tidegate.standins.onc.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.standins.onc.faults import Fault, Faults
    from tidegate.standins.onc.service import Clock, Entry


@dataclass(frozen=True, slots=True)
class Standin:
    """A stand-in that runs in this process.

    Attributes:
        base_url: address under which `api/` lies, with the slash at its end.
        token: token that is accepted.
        service: its whole state.
    """

    base_url: str
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

    @property
    def clock(self) -> Clock:
        """The server's clock, which can be set."""
        return self.service.clock


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
        yield Standin(f"{root}/", options.token, service)


def serve(
    options: Options = Options(),
    faults: Sequence[Fault] = (),
    *,
    until_stdin_closes: bool = False,
) -> None:
    """Runs a stand-in until it is stopped; address and token go to standard output."""
    service = Service(options)
    service.faults.add(*faults)
    listener = serving.listening(options.host, options.port)
    serving.serve(
        application(service),
        listener,
        announce=(f"url    {serving.address(listener)}/", f"token  {options.token}"),
        until_stdin_closes=until_stdin_closes,
        dates=False,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a stand-in with options as on a command line; gives the exit code."""
    return programs.run(option_parser(), arguments, _serve)


def _serve(given: argparse.Namespace) -> None:
    faults = [parse_fault(text) for text in given.fault]
    try:
        serve(_options(given), faults, until_stdin_closes=given.until_stdin_closes)
    except MsgspecError as problem:
        raise programs.BadOption(f"{given.catalogue} is no catalogue: {problem}") from None


def _options(given: argparse.Namespace) -> Options:
    return Options(
        host=given.host,
        port=given.port,
        token=given.token,
        any_token=given.any_token,
        catalogue=given.catalogue,
        seed=given.seed,
        clock=instants.parse(given.clock) if given.clock else None,
        clock_rate=given.clock_rate,
        file_bytes=given.file_bytes,
        file_every=given.file_every,
        files=given.files,
        pace=given.pace,
        polls=given.polls,
        slots=given.slots,
        keep_polls=given.keep_polls,
        strict_options=not given.fill_options,
        ranges=given.ranges,
        nan=not given.nulls,
        empty_ok=given.empty_ok,
        cache_pages=given.cache_pages,
    )


def option_parser() -> argparse.ArgumentParser:
    """The options of the command line, with their help."""
    defaults = Options()
    parser = argparse.ArgumentParser(
        "tidegate standin onc",
        description="A stand-in for the web services of Ocean Networks Canada.",
        epilog="faults:\n" + "\n".join(f"  {kind:14} {text}" for kind, text in KINDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default=defaults.host, help="address to listen on")
    add("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    add("--token", default=defaults.token, help="the made-up token that is accepted")
    add("--any-token", action="store_true", help="accept every token that is not empty")
    add("--catalogue", type=Path, help="file with places, instruments and products of your own")
    add("--seed", type=int, default=defaults.seed, help="number that decides all values and bytes")
    add("--clock", help="instant at which the server's clock starts (the present)")
    add("--clock-rate", type=float, default=1.0, help="seconds of its clock in one; 0 stands still")
    add("--file-bytes", type=int, default=0, help="size of every file that is no text")
    add("--file-every", type=int, default=0, help="seconds from one archive file to the next")
    add("--files", type=int, default=0, help="number of files of each run")
    add("--pace", type=float, default=defaults.pace, help="share of the usual time that runs take")
    add("--polls", type=int, default=defaults.polls, help="answers before a run is complete")
    add("--slots", type=int, default=defaults.slots, help="runs of one token that go on at once")
    add("--keep-polls", type=int, default=0, help="requests after which files of a run are gone")
    add("--fill-options", action="store_true", help="fill in options that an order lacks")
    add("--ranges", action="store_true", help="let files heed Range")
    add("--nulls", action="store_true", help="write missing values as null, not NaN")
    add("--empty-ok", action="store_true", help="answer 200 where discovery finds nothing")
    add("--cache-pages", type=int, default=defaults.cache_pages, help="pages kept to send again")
    add("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    add("--fault", action="append", default=[], metavar="KIND[:NAME=VALUE,...]", help="see below")
    return parser
