"""What is newest at Ocean Networks Canada, and what is new since the last look."""

from __future__ import annotations

import os
import tempfile
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.errors import BadFile, BadTime, BadValue
from tidegate.model.instants import now, parse, to_text
from tidegate.plans.dates import instant_of
from tidegate.services.onc_places import Filters, Nearby, deployments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.model.products import ArchiveFile
    from tidegate.platforms.onc.client import OncClient

Row = dict[str, Any]


class Seen:
    """What was seen at the last look, per source: an instant; kept in a file of the user.

    Args:
        path: the file; there need not be one yet. If None, nothing is remembered.
        since: what counts as seen of a source that is not in the file.

    Raises:
        BadFile: the file is none of these.
    """

    def __init__(self, path: Path | None, since: int | None = None) -> None:
        self._path = path
        self._since = since
        self._instants: dict[str, str] = {}
        if path is not None and path.exists():
            try:
                self._instants = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
                for text in self._instants.values():
                    parse(text)
            except (OSError, msgspec.DecodeError, BadTime) as problem:
                raise BadFile(
                    path, "does not hold what was seen before", hint="name another file"
                ) from problem

    @classmethod
    def of(cls, text: str | None) -> Seen:
        """What `--since` means: an instant, or the name of a file."""
        if text is None:
            return cls(None)
        try:
            return cls(None, instant_of("--since", text, now=now()))
        except BadTime:
            return cls(Path(text).expanduser())

    def before(self, source: str) -> int | None:
        """The newest instant seen of a source; None if it was never looked at."""
        text = self._instants.get(source)
        return self._since if text is None else parse(text)

    def known(self) -> list[tuple[str, int]]:
        """Every source of the file with the newest instant seen of it."""
        return [(source, parse(text)) for source, text in self._instants.items()]

    def add(self, source: str, instant: int) -> bool:
        """Note an instant; True if it is newer than what was seen."""
        before = self.before(source)
        if before is not None and instant <= before:
            return False
        self._instants[source] = to_text(instant)
        return True

    def save(self) -> None:
        """Write the file anew, whole or not at all."""
        if self._path is None:
            return
        content = msgspec.json.format(msgspec.json.encode(self._instants, order="sorted")) + b"\n"
        folder = self._path.absolute().parent
        try:
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(self._path)
        except OSError as problem:
            raise BadFile(self._path, f"cannot be written: {problem.strerror}") from problem


def newest_files(
    client: OncClient, filters: Filters, seen: Seen, *, near: Nearby | None = None
) -> Iterator[Row]:
    """The newest archive file of each source that fits, where it is newer than what was seen.

    A file that was archived anew counts as new. The look is noted in `seen`.

    Raises:
        BadValue: neither a place nor an instrument is named.
        UnknownToPlatform: a code is not known.
    """
    wanted = {"dataProductCode": filters.product, "fileExtension": filters.extension}
    for key, source, distance in _sources(client, filters, near):
        asked = {**source, **wanted, "getLatest": True, "rowLimit": 1}
        file = next(iter(client.files.files(asked)), None)
        if file is None:
            continue
        name = "/".join((key, *(text for text in wanted.values() if text)))
        if seen.add(name, _when(file)):
            yield {**source, **distance, **file_row(file)}


def newest_samples(
    client: OncClient, filters: Filters, seen: Seen, *, near: Nearby | None = None
) -> Iterator[Row]:
    """The newest sample of each sensor that fits, where it is newer than what was seen.

    Raises:
        BadValue: neither a place nor an instrument is named.
        UnknownToPlatform: a code is not known.
    """
    for key, source, distance in _sources(client, filters, near):
        for sensor in client.measurements.sensors({**source, "rowLimit": 1}):
            times = [] if sensor.data is None else sensor.data.times()
            if sensor.data is None or not times:
                continue
            if filters.property not in {None, sensor.property_code}:
                continue
            at, value = max(zip(times, sensor.data.numbers(), strict=True), key=itemgetter(0))
            name = sensor.sensor_category_code or sensor.sensor_code or "sensor"
            if seen.add(f"{key}/{name}", parse(at)):
                yield {
                    **source,
                    **distance,
                    "sensor": name,
                    "time": at,
                    "value": value,
                    "unit": sensor.unit_of_measure,
                }


def file_row(file: ArchiveFile) -> Row:
    """A file of the archive as it is shown."""
    start = None if file.window is None else to_text(file.window.start)
    end = to_text(file.window.end) if file.window else None
    return {
        "file": file.name,
        "from": start,
        "to": end,
        "product": file.product,
        "device": file.device,
        "bytes": file.size,
        "archived": None if file.modified is None else to_text(file.modified),
    }


def _when(file: ArchiveFile) -> int:
    """What makes a file newer than another: when it was archived, else when it begins."""
    if file.modified is not None:
        return file.modified
    return file.window.start if file.window else 0


def _sources(
    client: OncClient, filters: Filters, near: Nearby | None
) -> Iterator[tuple[str, Mapping[str, str], Row]]:
    """Each place with a type of instrument that fits: a name, the filters of it, its distance."""
    if filters.device:
        yield filters.device, {"deviceCode": filters.device}, {}
        return
    if filters.location is None and near is None:
        raise BadValue("--location", None, "given, unless there is --device, --near or --near-file")
    narrowed = msgspec.structs.replace(filters, product=None, extension=None)
    found: dict[str, tuple[Mapping[str, str], Row]] = {}
    for stay in deployments(client, narrowed, {}, near=near, children=True):
        code, category = stay["locationCode"], stay["deviceCategoryCode"]
        distance = {"distance": stay["distance"]} if near else {}
        source = {"locationCode": code, "deviceCategoryCode": category}
        found.setdefault(f"{code}/{category}", (source, distance))
    for key, held in found.items():
        yield key, *held
