"""`createXLS`: a workbook of what Ocean Networks Canada can deliver."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.errors import BadValue, UnknownName, UsageError
from tidegate.model.instants import now as present
from tidegate.model.windows import Window
from tidegate.plans.dates import window_of
from tidegate.plans.event_lists import Event, read_events, unmet
from tidegate.plans.workbook.building import Builder, Method, Wanted
from tidegate.plans.workbook.configuring import local_path
from tidegate.platforms.onc.facts import PRODUCTION
from tidegate.services import onc, onc_tokens
from tidegate.services.planning import (
    DEFAULT_NAME,
    Made,
    Target,
    make_workbook,
    require_rows,
    require_writable,
)
from tidegate.transport.links import base_address
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from tidegate.plans.dates import Moment
    from tidegate.services.settings import Settings
    from tidegate.transport.progress import Progress

_METHODS: Final = ("byLocation", "byDevice", "all")
_FOLDERS: Final = re.compile(r"[/\\]")

Codes = str | tuple[str, ...] | list[str] | None
"""Codes as users give them: one, several separated by commas, or a list."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What `createXLS` is asked for, under the names of its options.

    Attributes:
        out_path: folder of the data files, and of the workbook unless `file` names another.
        begin: first instant; with `events` it may be left out.
        end: end, exclusive; with `events` it may be left out.
        file: name of the workbook; one with a folder is taken as it is.
        append: add to the workbook that is there.
        force: replace the workbook that is there, and keep it as a backup.
        method: which tabs are made.
        location: codes of locations; each covers what lies below it.
        category: codes of device categories.
        device: codes of devices.
        property: codes of properties.
        product: codes of data products.
        extension: of their files.
        events: list of events, around which data are wanted.
        padding: before and after each event.
        token_in_workbook: write the token into the workbook.
    """

    out_path: str
    begin: Moment | None = None
    end: Moment | None = None
    file: str | None = None
    append: bool = False
    force: bool = False
    method: str = "byLocation"
    location: Codes = None
    category: Codes = None
    device: Codes = None
    property: Codes = None
    product: Codes = None
    extension: Codes = None
    events: Path | None = None
    padding: str | None = None
    token_in_workbook: bool = False


def create(
    folder: Path,
    request: Request,
    server: onc.Server,
    *,
    settings: Settings,
    progress: Progress = SILENT,
) -> Made:
    """Make a workbook of the deployments and products that pass the filters, or add to one.

    Everything that can be wrong with the request is found before anything is asked.

    Args:
        folder: of the store whose connections are meant; a token that is given is kept there.
        request: what is wanted.
        server: who is asked.
        settings: how platforms are treated.
        progress: told of requests.

    Raises:
        ImpossibleDate, BadTime, BadValue: a date or option cannot be like that.
        WorkbookExists: there is one, and the request does not say what to do with it.
        NothingToPlan: nothing passes the filters.
        TransportError: the server refuses, or cannot be asked.
    """
    moment = present()
    wanted = _wanted(request, moment)
    out = local_path("outPath", request.out_path, Path.cwd())
    target = Target(path=_file(request.file, out), append=request.append, force=request.force)
    require_writable(target)
    server = onc_tokens.at_home(folder, server)
    with onc.opened(folder, server, settings=settings, progress=progress) as client:
        url = str(client.access.address)
        builder = Builder(client.discovery, url, moment)
        rows = builder.rows(wanted)
    if not (request.append and target.path.exists()):
        require_rows(rows, "tidegate onc deployments and onc products show what there is")
    out.mkdir(parents=True, exist_ok=True)
    cells: dict[str, Any] = {
        "downloadFolder": out.as_posix(),
        "logFile": (out / f"{target.path.stem}.json").as_posix(),
        **_access_cells(folder, request, server, url),
    }
    is_private = bool(cells.get("token"))
    made = make_workbook(target, rows, cells, is_private=is_private)
    return msgspec.structs.replace(made, left=(*made.left, *unmet(wanted.events, builder.met)))


def _access_cells(folder: Path, request: Request, server: onc.Server, url: str) -> dict[str, str]:
    """What the Configuration says of server and token; a token that was given is kept."""
    address = {} if base_address(url) == base_address(PRODUCTION) else {"baseUrl": url}
    if request.token_in_workbook:
        if server.token is None:
            raise BadValue("--token-in-workbook", True, "given with a token")
        return {**address, "token": server.token.reveal()}
    if server.token is None:
        name = onc_tokens.connection_at(folder, url, server.connection)
        return {"connection": name} if name else address
    name = onc_tokens.keep(
        folder, url, server.token, name=server.connection, allow_http=server.allow_http
    )
    return {"connection": name}


def _wanted(request: Request, now: int) -> Wanted:
    if request.method not in _METHODS:
        raise UnknownName("download method", request.method, _METHODS)
    events = tuple(_events(request, now))
    window, begin, end = _range(request, events, now)
    if window.start > now:
        raise BadValue("begin", str(begin), "in the past")
    return Wanted(
        window=window,
        begin=begin,
        end=end,
        method=_method(request.method),
        locations=_codes(request.location),
        categories=_codes(request.category),
        devices=_codes(request.device),
        properties=_codes(request.property),
        products=_codes(request.product),
        extensions=tuple(one.lstrip(".") for one in _codes(request.extension)),
        events=events,
    )


def _method(text: str) -> Method:
    return "byLocation" if text == "byLocation" else "byDevice" if text == "byDevice" else "all"


def _events(request: Request, now: int) -> list[Event]:
    if request.events is None:
        if request.padding is not None:
            raise BadValue("--padding", request.padding, "given with --events")
        return []
    return read_events(request.events, padding=request.padding, now=now)


def _range(request: Request, events: tuple[Event, ...], now: int) -> tuple[Window, Moment, Moment]:
    """The range, and its ends as given; that of the events where none is given."""
    begin, end = request.begin, request.end
    if begin is not None and end is not None:
        return window_of(begin, end, now=now), begin, end
    if not events:
        missing = "--begin" if begin is None else "--end"
        hint = "a date like 2017-05-01T00:00:00Z, or today-7d, or now; or a list with --events"
        raise UsageError(f"{missing} is missing", hint=hint)
    window = Window(min(one.window.start for one in events), max(one.window.end for one in events))
    return window, "", ""


def _codes(given: Codes) -> tuple[str, ...]:
    """Codes one by one, each once; also where a list was written with commas."""
    parts = [given] if isinstance(given, str) else list(given or ())
    listed = (code.strip() for part in parts for code in part.split(","))
    return tuple(dict.fromkeys(code for code in listed if code))


def _file(name: str | None, out: Path) -> Path:
    """The workbook: a bare name lies in the folder of the data files."""
    if name is None:
        return out / DEFAULT_NAME
    has_folder = bool(_FOLDERS.search(name)) or name.startswith("~")
    path = local_path("--file", name, Path.cwd() if has_folder else out)
    return path if path.suffix else path.with_suffix(".xlsx")
