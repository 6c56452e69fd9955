"""Starting a DCS stand-in: in this process for tests, or as a program."""

from __future__ import annotations

import argparse
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.model import instants
from tidegate.standins import programs, serving
from tidegate.standins.dcs.accounts import ROLES
from tidegate.standins.dcs.application import application
from tidegate.standins.dcs.faults import KINDS, Fault, parse_fault
from tidegate.standins.dcs.options import (
    DEMO_PASSWORD,
    DEMO_USER,
    EARLIEST,
    Choices,
    Limits,
    Options,
)
from tidegate.standins.dcs.service import Entry, Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.standins.dcs.faults import Faults


@dataclass(frozen=True, slots=True)
class Standin:
    """A stand-in that runs in this process.

    Attributes:
        base_app: address of the App API as its clients take it, without `/api`.
        base_web: address of the Web API.
        user: name to sign in with.
        password: password to sign in with.
        service: its whole state.
    """

    base_app: str
    base_web: str
    user: str
    password: str
    service: Service

    @property
    def log(self) -> list[Entry]:
        """The requests so far, oldest first."""
        return self.service.log.entries

    @property
    def faults(self) -> Faults[Fault]:
        """The faults in force; add to them or clear them."""
        return self.service.faults


@contextmanager
def running(options: Options = Options(), faults: Sequence[Fault] = ()) -> Iterator[Standin]:
    """A stand-in on a loopback port while the block runs."""
    service = Service(options)
    service.faults.add(*faults)
    listener = serving.listening(options.host, options.port)
    root = serving.address(listener)
    with serving.running(application(service), listener):
        yield Standin(
            root + options.app_path, root + options.web_path, DEMO_USER, DEMO_PASSWORD, service
        )


def serve(
    options: Options = Options(),
    faults: Sequence[Fault] = (),
    *,
    until_stdin_closes: bool = False,
) -> None:
    """Runs a stand-in until it is stopped; addresses and credentials go to standard output."""
    service = Service(options)
    service.faults.add(*faults)
    listener = serving.listening(options.host, options.port)
    root = serving.address(listener)
    lines = (
        f"App API   {root}{options.app_path}",
        f"Web API   {root}{options.web_path}",
        f"user      {DEMO_USER}",
        f"password  {DEMO_PASSWORD}",
    )
    serving.serve(
        application(service), listener, announce=lines, until_stdin_closes=until_stdin_closes
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a stand-in with options as on a command line; gives the exit code."""
    return programs.run(option_parser(), arguments, _serve)


def _serve(given: argparse.Namespace) -> None:
    faults = [parse_fault(text) for text in given.fault]
    serve(_options(given), faults, until_stdin_closes=given.until_stdin_closes)


def _options(given: argparse.Namespace) -> Options:
    start = instants.parse(given.start) if given.start else Options().start
    end = instants.parse(given.end) if given.end else None
    if given.years and not given.start:
        start = (end or instants.now()) - given.years * 366 * instants.DAY
    return Options(
        host=given.host,
        port=given.port,
        app_path=given.app_path,
        web_path=given.web_path,
        meters=given.meters,
        examples=not given.no_examples,
        start=max(start, EARLIEST),
        end=end,
        zone=instants.zone(given.zone).key,
        role=given.role,
        session_s=given.session,
        public=not given.no_public,
        limits=Limits(
            given.rate,
            given.public_rate,
            given.rate_period,
            given.range_days,
            given.public_range_days,
        ),
        choices=Choices(given.missing_start, given.padding, given.back_off, given.instantaneous),
        cache_mb=given.cache_mb,
    )


def option_parser() -> argparse.ArgumentParser:
    """The options of the command line, with their help."""
    defaults, limits = Options(), Limits()
    parser = argparse.ArgumentParser("tidegate standin dcs", description="A stand-in for a DCS.")
    add = parser.add_argument
    add("--host", default=defaults.host, help="address to listen on")
    add("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    add("--app-path", default=defaults.app_path, help="base path of the App API")
    add("--web-path", default=defaults.web_path, help="base path of the Web API")
    add("--meters", type=int, default=defaults.meters, help="number of meters")
    add("--no-examples", action="store_true", help="leave out the meters of the worked examples")
    add("--from", dest="start", help="first instant with readings (2018-01-01)")
    add("--to", dest="end", help="end of the readings (the present)")
    add("--years", type=int, help="years of readings before the end, in place of --from")
    add("--zone", default=defaults.zone, help="time zone of the server")
    add("--role", choices=ROLES, default=defaults.role, help="role of the user demo")
    add("--session", type=float, default=defaults.session_s, help="life of a session in seconds")
    add("--no-public", action="store_true", help="switch anonymous use off")
    add("--rate", type=int, default=0, help="signed-in requests allowed in a period")
    add("--public-rate", type=int, default=0, help="anonymous requests allowed in a period")
    add("--rate-period", type=int, default=limits.rate_period_s, help="that period in seconds")
    add("--range-days", type=int, default=0, help="longest span of one request")
    add("--public-range-days", type=int, default=0, help="the same for anonymous requests")
    add("--missing-start", choices=("server", "required"), default="server")
    add("--padding", choices=("zero", "null"), default="zero")
    add("--back-off", choices=("text", "number"), default="text")
    add("--instantaneous", choices=("refuse", "ignore"), default="refuse")
    add("--cache-mb", type=int, default=0, help="memory for answers to send again")
    add("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    add("--fault", action="append", default=[], help=f"KIND[:NAME=VALUE,...]: {', '.join(KINDS)}")
    return parser
