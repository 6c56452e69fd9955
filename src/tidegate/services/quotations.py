"""Quotations: named versions of readings, taken from a WebTSM server into the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa

from tidegate.model.errors import UnknownToPlatform
from tidegate.model.series import MAIN
from tidegate.platforms.tsm.connector import id_of
from tidegate.services.connecting import opened
from tidegate.services.revisions import chosen_of
from tidegate.store.verbs import READINGS
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.model.series import Series
    from tidegate.model.windows import Window
    from tidegate.platforms.tsm.connector import TsmConnector
    from tidegate.services.selection import Named
    from tidegate.store.messages import ConnectionRecord
    from tidegate.store.verbs import Verbs
    from tidegate.transport.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """What was taken of one series.

    Attributes:
        series: its name.
        quotations: how many named versions were asked for.
        new: readings of them that the store did not have.
        changed: readings that it had otherwise.
        equal: readings that it had.
    """

    series: str
    quotations: int
    new: int = 0
    changed: int = 0
    equal: int = 0


class QuotationsNotListed(UnknownToPlatform):
    """A server that does not say which named versions it has."""

    code = "quotations-not-listed"


def take_quotations(
    store: Verbs,
    record: ConnectionRecord,
    names: Sequence[Named] = (),
    *,
    quotations: Sequence[int] = (),
    window: Window | None = None,
    repository: str = MAIN,
    policies: Policies = Policies(),
    progress: Progress = SILENT,
) -> Iterator[Quoted]:
    """Take named versions of series; readings without a name are what `pull` brings.

    Args:
        store: where the series are.
        record: the connection that they were pulled through.
        names: of the series; all of the connection unless given.
        quotations: the versions to take, which need a window; those that the server lists unless
            given.
        window: only readings in it.
        repository: of the series.
        policies: how to treat the server.
        progress: told of requests.

    Raises:
        NotFound: a series was not pulled through the connection.
        QuotationsNotListed: no versions are named, and the server does not list them.
        TransportError: the server cannot be asked.
    """
    chosen = chosen_of(store, record, names, repository)
    with opened(store, record, policies=policies, progress=progress) as connector:
        for series in chosen:
            known = cast("TsmConnector", connector)
            versions = (
                [(quotation, window) for quotation in quotations]
                if quotations and window is not None
                else _listed(known, series, window)
            )
            yield _taken(store, known, record, series, versions)


def _listed(
    connector: TsmConnector, series: Series, window: Window | None
) -> list[tuple[int, Window]]:
    assert series.origin is not None
    try:
        return connector.quotations(id_of(series.origin.subject), window)
    except UnknownToPlatform as error:
        raise QuotationsNotListed(
            f"the server does not list the quotations of '{series.name}'",
            hint="name them with --quotation, and give --from and --to",
            status=error.status,
            subject=error.subject,
        ) from error


def _taken(
    store: Verbs,
    connector: TsmConnector,
    record: ConnectionRecord,
    series: Series,
    versions: Sequence[tuple[int, Window]],
) -> Quoted:
    assert series.origin is not None
    number = id_of(series.origin.subject)
    new = changed = equal = 0
    for quotation, window in versions:
        found = connector.readings(number, window, quotation=quotation)
        keys = pa.array(np.full(found.num_rows, series.key, np.int32))
        readings = pa.table([keys, *found.columns], schema=READINGS)
        actor = f"connection {record.name}"
        counts = store.merge_readings(readings, quotation=quotation, actor=actor)
        new += counts.inserted
        changed += counts.changed
        equal += counts.equal
    return Quoted(
        series=series.name, quotations=len(versions), new=new, changed=changed, equal=equal
    )
