"""Which files Ocean Networks Canada has: spans, counts and lists."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from tidegate.model.instants import to_datetime
from tidegate.services.onc_news import file_row
from tidegate.services.onc_samples import source_filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegate.model.windows import Window
    from tidegate.platforms.onc.client import OncClient
    from tidegate.services.onc_places import Filters, Row

SPAN_COLUMNS: Final = (
    "dataProductCode",
    "extension",
    "deviceCode",
    "dateFrom",
    "dateTo",
    "fileCount",
    "totalUncompressedFileSize",
    "averageFileCoverage",
)

_FORMS: Final = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}


def spans(client: OncClient, filters: Filters, times: Mapping[str, str]) -> list[Row]:
    """Spans of time with files, by product, as the platform tells them.

    Raises:
        BadValue: the filters name no source.
        UsageError: the server is of an older kind, which cannot tell.
    """
    asked = source_filters(filters, "property", "product", "extension")
    return client.discovery.availability({**asked, **times})


def counted(client: OncClient, filters: Filters, window: Window, by: str) -> list[Row]:
    """Archive files and their bytes, by day, month or year (UTC) of their begin, and product.

    Raises:
        BadValue: the filters name no source.
    """
    asked = source_filters(filters, "product", "extension")
    files: Counter[tuple[str, str, str]] = Counter()
    sizes: Counter[tuple[str, str, str]] = Counter()
    for file in client.archive(asked, window):
        begin = max(file.window.start, window.start) if file.window else window.start
        cell = to_datetime(begin).strftime(_FORMS[by])
        key = (cell, file.product or "", file.name.rpartition(".")[2])
        files[key] += 1
        sizes[key] += file.size or 0
    return [
        {by: cell, "product": product, "extension": extension, "files": count, "bytes": sizes[key]}
        for key, count in sorted(files.items())
        for cell, product, extension in [key]
    ]


def listed(client: OncClient, filters: Filters, times: Mapping[str, str]) -> Iterator[Row]:
    """Files of the archive.

    Raises:
        BadValue: the filters name no source.
    """
    asked = source_filters(filters, "product", "extension")
    for file in client.files.files({**asked, **times}):
        yield file_row(file)


class Tally:
    """Rows of files as they pass, counted.

    Attributes:
        files: how many there were.
        bytes: of those whose size is told.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.files = 0
        self.bytes = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.files += 1
            self.bytes += row["bytes"] or 0
            yield row
