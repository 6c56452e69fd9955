"""Writers and readers of files: tables and readings go out and come in, streamed in batches."""

from tidegate.formats.writing import Format, write_table

__all__ = ["Format", "write_table"]
