"""Options that the commands of `tidegate onc` share."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.cli.common import Common
    from tidegate.platforms.onc.client import OncClient
    from tidegate.services.onc_places import Filters, Nearby


@Parameter(name="*", group="Server")
@dataclass(frozen=True, kw_only=True)
class Where:
    """Who is asked.

    Attributes:
        connection: the connection; may be left out where there is only one, or ONC_TOKEN is set.
        base_url: address of the server, in place of the usual one.
        qa: ask the server for tests, which is open to staff only.
        allow_http: send the token by plain http to another machine.
    """

    connection: str | None = None
    base_url: str | None = None
    qa: Annotated[bool, Parameter(name=["--qa", "-q"], negative=())] = False
    allow_http: Annotated[bool, Parameter(negative=())] = False

    @contextmanager
    def opened(self, common: Common) -> Iterator[OncClient]:
        """A client for the server that the options mean."""
        from tidegate.cli.logs import follow
        from tidegate.cli.progress import progress
        from tidegate.services.onc import Server, opened
        from tidegate.services.settings import resolve, store_path

        folder = store_path(common.store)
        settings = resolve({"store": str(folder)})
        follow(settings, quiet=common.quiet, debug=common.debug)
        server = Server(
            connection=self.connection,
            base_url=self.base_url,
            qa=self.qa,
            allow_http=self.allow_http,
        )
        with (
            progress(quiet=common.quiet) as drawn,
            opened(folder, server, settings=settings, progress=drawn) as client,
        ):
            yield client


WHERE = Where()


@Parameter(name="*", group="Filters")
@dataclass(frozen=True, kw_only=True)
class Looked:
    """What is looked for, by code; codes are case-sensitive.

    Attributes:
        location: code of a location; what lists places or instruments covers those below it too.
        category: code of a type of instruments, such as CTD or HYDROPHONE.
        device: code of one instrument.
        property: code of what is observed, such as seawatertemperature.
    """

    location: Annotated[str | None, Parameter(name=["--location", "-l"])] = None
    category: Annotated[str | None, Parameter(name=["--category", "-c"])] = None
    device: Annotated[str | None, Parameter(name=["--device", "-d"])] = None
    property: Annotated[str | None, Parameter(name=["--property", "-v"])] = None

    def filters(self, *, product: str | None = None, extension: str | None = None) -> Filters:
        """The same for services."""
        from tidegate.services.onc_places import Filters

        return Filters(
            location=self.location,
            category=self.category,
            device=self.device,
            property=self.property,
            product=product,
            extension=extension,
        )


LOOKED = Looked()


@Parameter(name="*", group="Nearby")
@dataclass(frozen=True, kw_only=True)
class Near:
    """Where it is looked for.

    Attributes:
        near: latitude and longitude, such as 49.08,-123.33; the nearest come first.
        near_file: CSV with columns time, lat and lon; its newest position counts.
        within: farthest distance, such as 20km, 500m or 3nmi.
    """

    near: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None
    near_file: Path | None = None
    within: str | None = None

    def place(self) -> Nearby | None:
        """The same for services."""
        from tidegate.services.onc_places import nearby

        return nearby(self.near, self.near_file, self.within)


NEAR = Near()

Product = Annotated[str | None, Parameter(name=["--product", "-p"], group="Filters")]
"""Code of a data product."""
Extension = Annotated[str | None, Parameter(name=["--extension", "-x"], group="Filters")]
"""File extension of a data product."""
From = Annotated[str | None, Parameter(name=["--from"], allow_leading_hyphen=True)]
"""Begin: ISO 8601, relative such as `today-7d`, or a duration before the end such as `-P1D`."""
To = Annotated[str | None, Parameter(name=["--to"])]
"""End, exclusive: ISO 8601, relative such as `now`, or a duration after the begin."""
