"""`plan check`: what is wrong in a workbook, told by sheet and cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tidegate.model.errors import NoCredentials, NotFound, TimedOut, Unreachable
from tidegate.model.windows import Window
from tidegate.plans.date_pieces import date_pieces
from tidegate.plans.definitions import BY_MODULE, ORDERED, Book
from tidegate.services import onc
from tidegate.services.onc_tokens import server_of
from tidegate.services.planning import check
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.services.settings import Settings
    from tidegate.transport.progress import Progress


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A workbook that was checked.

    Attributes:
        book: with its problems.
        failing: how many of them are rows that would fail, by the platform's catalogue.
        unasked: why the platform was not asked, if it was to be.
    """

    book: Book
    failing: int = 0
    unasked: str | None = None


def check_book(
    folder: Path,
    path: Path,
    *,
    settings: Settings,
    offline: bool = False,
    server: onc.Server = onc.Server(),
    progress: Progress = SILENT,
) -> Checked:
    """Check a workbook: its cells, then its rows by the catalogue of the platform, if it answers.

    Args:
        folder: of the store whose connections are meant.
        path: of the workbook.
        settings: how platforms are treated.
        offline: ask nothing.
        server: who is asked, in place of what the workbook says.
        progress: told of requests.

    Raises:
        BadFile: the workbook cannot be read.
        NotSignedIn: the platform does not take the token.
    """
    book = check(path)
    if any(one.tab == BY_MODULE for one in book.definitions):
        from tidegate.services.ocpi.planning import checked

        return Checked(book=checked(folder, book))
    is_onc = any(one.download and one.tab in ORDERED for one in book.definitions)
    if offline or not is_onc:
        return Checked(book=book)
    try:
        asked = server_of(folder, book.configuration, server)
        with onc.opened(folder, asked, settings=settings, progress=progress) as client:
            full = check(path, client.discovery)
    except (Unreachable, TimedOut, NoCredentials, NotFound) as problem:
        return Checked(book=book, unasked=str(problem))
    return Checked(book=full, failing=len(full.problems) - len(book.problems))


def sentence(book: Book) -> str:
    """Counts of a workbook in one line."""
    wanted = [one for one in book.definitions if one.download]
    configuration = book.configuration
    requests = sum(
        len(
            date_pieces(
                Window(one.begin, one.end),
                configuration.split,
                day_of_week=configuration.day_of_week,
            )
        )
        for one in wanted
    )
    faults = f"; {len(book.errors):,} cells are wrong" if book.errors else ""
    return (
        f"{len(book.definitions):,} rows, {len(wanted):,} to download"
        f" in {requests:,} requests{faults}"
    )
