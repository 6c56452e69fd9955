"""Speaks with Ocean Networks Canada: everything that its services offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.model.closing import Closing
from tidegate.platforms.onc.access import Access
from tidegate.platforms.onc.archive import Archive
from tidegate.platforms.onc.delivery import Delivery
from tidegate.platforms.onc.discovery import Discovery
from tidegate.platforms.onc.scalar import Measurements
from tidegate.platforms.onc.settings import OncSettings
from tidegate.transport.clock import SYSTEM, Clock
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.model.products import (
        ArchiveFile,
        FileIndex,
        NotYet,
        Order,
        Outcome,
        ProductRun,
        Received,
        Sink,
        Stay,
    )
    from tidegate.model.secret import Secret
    from tidegate.model.windows import Window
    from tidegate.transport.limiter import Limiter


class OncClient(Closing):
    """One account on one server; a `ProductSource`, safe to share between threads.

    Args:
        url: address of the server; the production server if empty.
        secret: the token.
        settings: how it is spoken with.
        policies: how to treat it.
        limiter: shared by whoever else asks the same server.
        progress: told of requests.
        clock: to wait by.

    Attributes:
        discovery: what there is and where.
        measurements: samples of sensors and lines of instruments.
        files: the archive.
        delivery: products made to order.

    Raises:
        NoCredentials: there is no token.
        InsecureAddress: the token would travel by plain http.
    """

    def __init__(
        self,
        url: str,
        secret: Secret | None,
        settings: OncSettings = OncSettings(),
        *,
        policies: Policies = Policies(),
        limiter: Limiter | None = None,
        progress: Progress = SILENT,
        clock: Clock = SYSTEM,
    ) -> None:
        self.access = Access(
            url,
            settings,
            secret,
            policies=policies,
            limiter=limiter,
            progress=progress,
            clock=clock,
        )
        self.discovery = Discovery(self.access)
        self.measurements = Measurements(self.access)
        self.files = Archive(self.access)
        self.delivery = Delivery(self.access, clock)

    def order(self, filters: Mapping[str, str], window: Window) -> Order:
        """Order one product over a window."""
        return self.delivery.order(filters, window)

    def run(self, order: int) -> list[ProductRun]:
        """Run an order, or tell how its runs stand; asking again starts nothing twice."""
        return self.delivery.run(order)

    def receive(self, run: int, index: FileIndex, sink: Sink) -> Received | NotYet | Outcome:
        """One file of a run into a sink; indices count from 1."""
        return self.delivery.receive(run, index, sink)

    def cancel(self, order: int) -> None:
        """Cancel the runs of an order."""
        self.delivery.cancel(order)

    def restart(self, order: int) -> list[ProductRun]:
        """Begin the runs of a cancelled order again; they keep their numbers."""
        return self.delivery.restart(order)

    def archive(self, filters: Mapping[str, str], window: Window | None) -> Iterator[ArchiveFile]:
        """The files of the archive that reach into a window."""
        return self.files.files(filters, window)

    def fetch(self, name: str, sink: Sink, *, offset: int = 0) -> Received:
        """One file of the archive into a sink, from a byte on where the server can."""
        return self.files.fetch(name, sink, offset=offset)

    def stays(self, filters: Mapping[str, str]) -> list[Stay]:
        """The stays of the instruments that filters name, whenever they were."""
        return self.discovery.stays(filters)

    def products(self, filters: Mapping[str, str]) -> list[dict[str, Any]]:
        """The products, with their options, that a source offers."""
        return self.discovery.products(filters)

    def close(self) -> None:
        """Disconnect; what is being asked for ends."""
        self.access.close()
