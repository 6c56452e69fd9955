"""Export: answers to a file or standard output, in the format asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.formats import Format, write_table

if TYPE_CHECKING:
    import pyarrow as pa


def export(
    answer: pa.Table | pa.RecordBatchReader, out: str | Path | None, format: str | None
) -> int:
    """Write a table; a file appears under its name only when it is whole.

    Args:
        answer: what to write.
        out: the file; standard output if None.
        format: `jsonl`, `csv`, `tsv`, `parquet`, `xlsx` or `mat`; by the file's ending, or JSON
            lines on standard output, unless given.

    Returns:
        How many rows were written.
    """
    if out is None:
        return write_table(answer, sys.stdout.buffer, Format.named(format or "jsonl"))
    path = Path(out)
    return write_table(answer, path, Format.named(format or path.suffix))
