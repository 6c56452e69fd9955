"""The Configuration of a plan: what its keys mean, what they allow, and their defaults."""

from __future__ import annotations

import os
import re
from datetime import datetime, time
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from tidegate.model.errors import BadValue, UnknownZone, UsageError
from tidegate.model.instants import zone as zone_named
from tidegate.model.secret import Secret
from tidegate.plans.daily_window import parse_time_of_day
from tidegate.plans.date_pieces import DayOfWeek, Split
from tidegate.plans.definitions import Configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TRUE: Final = frozenset({"t", "true", "y", "yes", "1"})
_FALSE: Final = frozenset({"f", "false", "n", "no", "0", ""})
_RUNS_ADVISED: Final = 4
_RUNS_AT_MOST: Final = 20
_DOWNLOADS_ADVISED: Final = 10
_TOKEN: Final = re.compile(r"[\w-]+$")


class NoSuchDrive(UsageError):
    """A path that begins with the letter of a drive, where the system has no drives."""

    code = "no-such-drive"

    def __init__(self, name: str, text: str, instead: str) -> None:
        super().__init__(
            f"{name} '{text}' names a drive, and this system has none",
            hint=f"name a path of this system, such as {instead}",
            name=name,
        )


class Key(NamedTuple):
    """One key of the Configuration.

    Attributes:
        name: as the workbook writes it.
        default: as the workbook writes it.
        description: for the person who fills it in.
        choices: all that is allowed, if that is a list.
        is_original: True for the keys that the plan's format began with.
    """

    name: str
    default: str
    description: str
    choices: tuple[str, ...] = ()
    is_original: bool = True


KEYS: Final = (
    Key("token", "", "Token of the platform. Blank: ONC_TOKEN, or the token of the connection."),
    Key("downloadFolder", ".", "Folder of the data files; relative to this workbook."),
    Key("logFile", "", "JSON file of definitions and progress."),
    Key("splitDateRange", "all", "How rows are cut into requests.", tuple(Split)),
    Key("dayOfWeek", "SU", "First day of a week, for splitDateRange=week.", tuple(DayOfWeek)),
    Key("runThreads", "4", "Requests that may be queued or running at once; 4 are advised."),
    Key("downloadThreads", "10", "Files that may be fetched at once."),
    Key("downloadQueueSize", "unlimited", "Files that may wait to be fetched: unlimited or 1…"),
    Key("beginRun", "00:00:00", "Local time of day from which requests may begin."),
    Key("endRun", "00:00:00", "Local time of day from which no request may begin."),
    Key("timezone", "", "Whose clock that is; this machine's unless given.", is_original=False),
    Key("retries", "5", "How often a failed task is tried again.", is_original=False),
    Key(
        "includeMetadataFile",
        "T",
        "T: the metadata file of each request too.",
        ("T", "F"),
        is_original=False,
    ),
    Key(
        "overwrite",
        "F",
        "T: a new file takes the place of an old one.",
        ("T", "F"),
        is_original=False,
    ),
    Key(
        "maxBytesPerRun",
        "",
        "A request that is estimated to give more is not run.",
        is_original=False,
    ),
    Key("baseUrl", "", "Address of the platform, if not the usual one.", is_original=False),
    Key("connection", "", "The connection that rows are asked through.", is_original=False),
)
"""The keys in the order in which they are written."""

_NAMES: Final = {key.name.lower(): key.name for key in KEYS}


def key_named(text: str) -> str | None:
    """The key that a heading means, in any letter case; None if it is none."""
    return _NAMES.get(text.strip().lower())


class Fault(NamedTuple):
    """A value of the Configuration that is wrong or unusual."""

    key: str
    message: str
    level: str = "error"


def configuration_of(values: Mapping[str, Any], path: Path) -> tuple[Configuration, list[Fault]]:
    """The Configuration that values by key mean, and what is wrong with them.

    Args:
        values: cells or texts by key; what is blank or missing has its default.
        path: of the workbook or log, which relative folders start from.
    """
    faults: list[Fault] = []
    given = {key: value for key, value in values.items() if value not in {"", None}}
    read = _readers(path.parent)
    fields: dict[str, Any] = {
        "download_folder": path.parent,
        "log_file": path.with_suffix(".json"),
        "zone": machine_zone(),
    }
    for key, value in given.items():
        name, reader = read[key]
        try:
            fields[name] = reader(value)
        except UsageError as problem:
            hint = f": {problem.hint}" if problem.hint else ""
            faults.append(Fault(key, f"{problem}{hint}"))
    configuration = Configuration(**fields)
    return configuration, [*faults, *_unusual(configuration)]


def machine_zone() -> ZoneInfo:
    """The zone of this machine's clock; UTC where it tells none."""
    named = os.environ.get("TZ", "").lstrip(":")
    link = str(Path("/etc/localtime").resolve()).rpartition("/zoneinfo/")[2]
    for name in filter(None, (named, link)):
        try:
            return zone_named(name)
        except UnknownZone:
            continue
    return ZoneInfo("UTC")


def local_path(name: str, text: str, folder: Path) -> Path:
    """A path of a workbook or option, from a folder on if it is relative.

    Raises:
        NoSuchDrive: it names a drive and this system has none.
    """
    windows = PureWindowsPath(text)
    if os.name != "nt" and windows.drive:
        raise NoSuchDrive(name, text, f"~/{windows.name or 'data'}")
    return folder / Path(text).expanduser()


def truth(name: str, value: object) -> bool:
    """The truth value of a cell: T, TRUE, Y, YES, 1 or F, FALSE, N, NO, 0, blank.

    Raises:
        BadValue: it is something else.
    """
    text = _plain(value).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise BadValue(name, value, "T or F")


def _readers(folder: Path) -> dict[str, tuple[str, Callable[[Any], Any]]]:
    """For each key the field it becomes and what reads it."""
    return {
        "token": ("token", _token),
        "downloadFolder": (
            "download_folder",
            lambda value: local_path("downloadFolder", _plain(value), folder),
        ),
        "logFile": ("log_file", lambda value: _log_file(_plain(value), folder)),
        "splitDateRange": ("split", lambda value: Split(_choice("splitDateRange", value, Split))),
        "dayOfWeek": (
            "day_of_week",
            lambda value: DayOfWeek(_choice("dayOfWeek", value, DayOfWeek)),
        ),
        "runThreads": ("run_threads", lambda value: _count("runThreads", value, _RUNS_AT_MOST)),
        "downloadThreads": ("download_threads", lambda value: _count("downloadThreads", value)),
        "downloadQueueSize": ("download_queue_size", _queue_size),
        "beginRun": ("begin_run", lambda value: _clock("beginRun", value)),
        "endRun": ("end_run", lambda value: _clock("endRun", value)),
        "timezone": ("zone", lambda value: zone_named(_plain(value))),
        "retries": ("retries", lambda value: _count("retries", value, least=0)),
        "includeMetadataFile": (
            "include_metadata",
            lambda value: truth("includeMetadataFile", value),
        ),
        "overwrite": ("overwrite", lambda value: truth("overwrite", value)),
        "maxBytesPerRun": ("max_bytes_per_run", lambda value: _count("maxBytesPerRun", value)),
        "baseUrl": ("base_url", _address),
        "connection": ("connection", _plain),
    }


def _unusual(configuration: Configuration) -> list[Fault]:
    faults = []
    if configuration.run_threads > _RUNS_ADVISED:
        why = f"more than {_RUNS_ADVISED} runs at once slow the platform down for everybody"
        faults.append(Fault("runThreads", why, "warning"))
    if configuration.download_threads > _DOWNLOADS_ADVISED:
        why = f"more than {_DOWNLOADS_ADVISED} downloads at once are seldom faster"
        faults.append(Fault("downloadThreads", why, "warning"))
    return faults


def _plain(value: object) -> str:
    """A cell as text; numbers without a fraction of zero."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _token(value: object) -> Secret:
    text = _plain(value)
    if not _TOKEN.match(text):
        raise UsageError("the token has other than letters, digits and -", hint="copy it again")
    return Secret(text)


def _log_file(text: str, folder: Path) -> Path:
    if not text.lower().endswith(".json"):
        raise BadValue("logFile", text, "a path that ends in .json")
    return local_path("logFile", text, folder)


def _choice(name: str, value: object, choices: type[Split] | type[DayOfWeek]) -> str:
    text = _plain(value)
    known = {str(one).lower(): str(one) for one in choices}
    if text.lower() not in known:
        raise BadValue(name, text, f"one of {', '.join(known.values())}")
    return known[text.lower()]


def _count(name: str, value: object, most: int | None = None, *, least: int = 1) -> int:
    text = _plain(value)
    wanted = f"a whole number from {least}" + (f" to {most}" if most else " on")
    if not re.fullmatch(r"\d{1,15}", text) or int(text) < least or (most and int(text) > most):
        raise BadValue(name, text, wanted)
    return int(text)


def _queue_size(value: object) -> int | None:
    if _plain(value).lower() == "unlimited":
        return None
    try:
        return _count("downloadQueueSize", value)
    except BadValue:
        wanted = "unlimited or a whole number from 1 on"
        raise BadValue("downloadQueueSize", _plain(value), wanted) from None


def _clock(name: str, value: object) -> time:
    if isinstance(value, datetime):
        return value.time().replace(microsecond=0)
    if isinstance(value, time):
        return value.replace(microsecond=0)
    if isinstance(value, float | int) and 0 <= value < 1:
        seconds = round(value * 86_400) % 86_400
        return time(seconds // 3600, seconds // 60 % 60, seconds % 60)
    return parse_time_of_day(name, _plain(value))


def _address(value: object) -> str:
    text = _plain(value)
    if not re.match(r"https?://\S+$", text):
        raise BadValue("baseUrl", text, "an address that begins with https://")
    return text
