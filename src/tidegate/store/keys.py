"""Series keys as SQL conditions and as tables."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tidegate.model.series import SeriesKey
    from tidegate.store.engine.duckdb import Session


def key_table(keys: Iterable[int]) -> pa.Table:
    """Keys as a table with the one column `series`."""
    return pa.table({"series": pa.array(list(keys), pa.int32())})


@contextmanager
def among(session: Session, keys: Sequence[SeriesKey], column: str = "series") -> Iterator[str]:
    """An SQL condition on a column that holds for these keys, inside the block.

    It always bounds the keys by constants, which is what lets the engine skip what it need not
    read; a gapless range needs nothing else.
    """
    if not keys:
        yield "false"
        return
    first, last, distinct = min(keys), max(keys), len(set(keys))
    bounds = f"{column} BETWEEN {int(first)} AND {int(last)}"
    if last - first + 1 == distinct:
        yield bounds
        return
    with session.bound(wanted=key_table(keys)):
        yield f"({bounds} AND {column} IN (SELECT series FROM wanted))"
