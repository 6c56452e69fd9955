"""The catalogue: places, instruments, deployments and products, from a file to be edited."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model import instants

if TYPE_CHECKING:
    from pathlib import Path


class Location(msgspec.Struct, frozen=True):
    """A node of the search tree; `parent` is the code of the node above."""

    code: str
    parent: str | None
    name: str
    description: str | None
    lat: float | None
    lon: float | None
    depth: float | None


class Property(msgspec.Struct, frozen=True):
    """An observed variable."""

    code: str
    name: str
    description: str
    unit: str


class Sensor(msgspec.Struct, frozen=True):
    """What a device of a category measures: a wave of `cycle` seconds about `mean`, with noise."""

    code: str
    name: str
    property: str
    unit: str
    mean: float
    swing: float
    noise: float
    cycle: float


class Category(msgspec.Struct, frozen=True):
    """A type of instrument."""

    code: str
    name: str
    description: str
    sensors: tuple[Sensor, ...]


class Device(msgspec.Struct, frozen=True):
    """One instrument; `period` is the time between two samples in seconds."""

    code: str
    id: int
    category: str
    name: str
    period: int


class Deployment(msgspec.Struct, frozen=True):
    """One stay of a device at a location; `end` is `None` while it is there."""

    device: str
    location: str
    begin: str
    end: str | None
    lat: float | None
    lon: float | None
    depth: float | None
    heading: float | None

    @property
    def start_at(self) -> int:
        """Its begin, UTC microseconds."""
        return instants.parse(self.begin)

    @property
    def end_at(self) -> int:
        """Its end, UTC microseconds; for ever while it goes on."""
        return instants.parse(self.end) if self.end else instants.FOREVER


class Option(msgspec.Struct, frozen=True):
    """An option of a product as the service shows it."""

    option: str
    allowableValues: tuple[str, ...]  # noqa: N815 - the service's own names
    allowableRange: dict[str, Any] | None  # noqa: N815
    defaultValue: str  # noqa: N815
    documentation: tuple[str, ...]
    suboptions: tuple[Option, ...] | None

    def allows(self, value: str) -> bool:
        """Whether a value is one of those listed or inside the range."""
        if value in self.allowableValues:
            return True
        if self.allowableRange is None:
            return False
        try:
            number = float(value)
        except ValueError:
            return False
        whole = number == int(number) or not self.allowableRange["onlyIntegers"]
        lower, upper = (float(self.allowableRange[name]) for name in ("lowerBound", "upperBound"))
        return whole and lower <= number <= upper


class Archived(msgspec.Struct, frozen=True):
    """How a product is archived: a file `every` so many seconds, there `lag` seconds after it."""

    every: int
    offset: int
    bytes: int
    lag: int


class Product(msgspec.Struct, frozen=True):
    """A downloadable representation; to order, each file covers `span` seconds."""

    code: str
    extension: str
    name: str
    categories: tuple[str, ...]
    options: tuple[str, ...]
    help: str
    hasPropertyData: bool  # noqa: N815 - the service's own name
    seconds: int
    bytes: int
    span: int
    suffix: str
    archive: Archived | None


class _File(msgspec.Struct, frozen=True):
    locations: tuple[Location, ...]
    properties: tuple[Property, ...]
    categories: tuple[Category, ...]
    devices: tuple[Device, ...]
    deployments: tuple[Deployment, ...]
    options: dict[str, Option]
    products: tuple[Product, ...]


@dataclass(frozen=True)
class Catalogue:
    """All that the server knows of places, instruments and products."""

    file: _File

    @classmethod
    def read(cls, path: Path | None = None) -> Catalogue:
        """The catalogue of a file, or the one that comes with the stand-in.

        Raises:
            OSError: the file cannot be read.
            msgspec.MsgspecError: it is no catalogue.
        """
        own = resources.files(__package__) / "data" / "catalogue.json"
        text = own.read_bytes() if path is None else path.read_bytes()
        return cls(msgspec.json.decode(text, type=_File))

    @cached_property
    def locations(self) -> dict[str, Location]:
        """Locations by code."""
        return {one.code: one for one in self.file.locations}

    @cached_property
    def properties(self) -> dict[str, Property]:
        """Properties by code."""
        return {one.code: one for one in self.file.properties}

    @cached_property
    def categories(self) -> dict[str, Category]:
        """Device categories by code."""
        return {one.code: one for one in self.file.categories}

    @cached_property
    def devices(self) -> dict[str, Device]:
        """Devices by code."""
        return {one.code: one for one in self.file.devices}

    @property
    def products(self) -> tuple[Product, ...]:
        """Pairs of product and extension."""
        return self.file.products

    @cached_property
    def deployments(self) -> list[Deployment]:
        """All deployments, by device and time; more can be added."""
        return sorted(self.file.deployments, key=lambda one: (one.device, one.start_at))

    def options(self, product: Product) -> list[Option]:
        """The options of a product."""
        return [self.file.options[name] for name in product.options]

    def sensors(self, device: str) -> tuple[Sensor, ...]:
        """What a device measures."""
        return self.categories[self.devices[device].category].sensors

    def below(self, location: str) -> set[str]:
        """The codes of a location and of its whole sub-tree."""
        found = {location}
        for one in self.file.locations:  # parents come before their children
            if one.parent in found:
                found.add(one.code)
        return found
