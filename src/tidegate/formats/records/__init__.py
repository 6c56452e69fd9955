"""Writers of records: pages of JSON lines go out as JSON, as delimited text or as tables.

Nothing here loads a dataframe library unless a format needs it.
"""

from tidegate.formats.records.columns import Column, Kind
from tidegate.formats.records.writing import RecordFormat, RecordWriter, writer

__all__ = ["Column", "Kind", "RecordFormat", "RecordWriter", "writer"]
