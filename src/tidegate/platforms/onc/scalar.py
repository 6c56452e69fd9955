"""Measurements as the services give them: samples of sensors, and lines of instruments."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.errors import Forbidden, Refused
from tidegate.platforms.onc.archive import source_of
from tidegate.platforms.onc.dates import stamp
from tidegate.platforms.onc.explaining import is_nothing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.model.windows import Window
    from tidegate.platforms.onc.access import Access


logger = logging.getLogger(__name__)


class Samples(msgspec.Struct, rename="camel"):
    """Samples of one sensor, not decoded yet; the lists are of equal length."""

    sample_times: msgspec.Raw = msgspec.Raw(b"[]")
    values: msgspec.Raw = msgspec.Raw(b"[]")
    qaqc_flags: msgspec.Raw = msgspec.Raw(b"[]")

    def times(self) -> list[str]:
        """When they were taken, as the service writes it."""
        return msgspec.json.decode(self.sample_times, type=list[str])

    def numbers(self) -> list[float | None]:
        """What was measured."""
        return msgspec.json.decode(self.values, type=list[float | None])

    def flags(self) -> list[int | None]:
        """The flags of quality control; none, where the service does not tell them."""
        return msgspec.json.decode(self.qaqc_flags, type=list[int | None] | None) or []


class Sensor(msgspec.Struct, rename="camel"):
    """One sensor of a page; `data` is None where only the sensor is told."""

    sensor_category_code: str | None = None
    sensor_code: str | None = None
    sensor_name: str | None = None
    property_code: str | None = None
    unit_of_measure: str | None = None
    data: Samples | None = None


class ScalarPage(msgspec.Struct, rename="camel"):
    """One page of samples."""

    sensor_data: list[Sensor] | None = None
    messages: list[Any] | None = None
    citations: list[dict[str, Any]] | None = None
    next: dict[str, Any] | None = None

    def is_empty(self) -> bool:
        """True if there is nothing in it."""
        return not self.sensor_data


class Lines(msgspec.Struct, rename="camel"):
    """Lines of an instrument; the lists are of equal length."""

    times: list[str] = []
    readings: list[str | None] = []
    line_types: list[str | None] = []


class RawPage(msgspec.Struct, rename="camel"):
    """One page of lines."""

    data: Lines | None = None
    messages: list[Any] | None = None
    next: dict[str, Any] | None = None

    def is_empty(self) -> bool:
        """True if there is nothing in it."""
        return self.data is None or not self.data.times


class Measurements:
    """Asks the services of scalar and raw data."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._told: set[str] = set()

    def samples(
        self, filters: Mapping[str, Any], window: Window | None = None
    ) -> Iterator[ScalarPage]:
        """Pages of samples, each of all sensors; none where nothing was measured.

        Args:
            filters: `deviceCode`, or `locationCode` with `deviceCategoryCode`; further ones under
                the service's names.
            window: the time, if `filters` do not say it.

        Raises:
            Forbidden: the data are restricted.
            TransportError: the service refuses, or cannot be asked.
        """
        subject = f"scalar data of {source_of(filters)}"
        for page in self._pages("scalar", filters, window, subject, ScalarPage):
            self._heed(page, subject)
            yield page

    def sensors(self, filters: Mapping[str, Any]) -> list[Sensor]:
        """The sensors of a source with their newest samples, newest first; none if it has none."""
        asked = {"getLatest": True, "rowLimit": 10, "fillGaps": False, **filters}
        subject = f"sensors of {source_of(filters)}"
        try:
            page = self._access.ask(_service("scalar", filters), asked, subject, ScalarPage)
        except Refused as refusal:
            if is_nothing(refusal):
                return []
            raise
        return page.sensor_data or []

    def lines(self, filters: Mapping[str, Any], window: Window | None = None) -> Iterator[RawPage]:
        """Pages of lines as instruments wrote them; none where there is nothing.

        Raises:
            TransportError: the service refuses, or cannot be asked.
        """
        subject = f"raw data of {source_of(filters)}"
        yield from self._pages("raw", filters, window, subject, RawPage)

    def _pages(
        self,
        kind: str,
        filters: Mapping[str, Any],
        window: Window | None,
        subject: str,
        form: type[Any],
    ) -> Iterator[Any]:
        asked = dict(filters)
        if window is not None:
            asked |= {"dateFrom": stamp(window.start), "dateTo": stamp(window.end)}
        try:
            yield from self._access.pages(_service(kind, filters), asked, subject, form)
        except Refused as refusal:
            if not is_nothing(refusal):
                raise

    def _heed(self, page: ScalarPage, subject: str) -> None:
        for message in self._access.told(page.messages):
            if message not in self._told:
                self._told.add(message)
                logger.info("%s: %s", subject, message)
            if not page.sensor_data and "restrict" in message.lower():
                raise Forbidden(
                    f"{subject} are restricted: {message}",
                    hint="ask Ocean Networks Canada for access",
                    details=message,
                    subject=subject,
                )


def _service(kind: str, filters: Mapping[str, Any]) -> str:
    return f"{kind}/device" if filters.get("deviceCode") else f"{kind}/location"
