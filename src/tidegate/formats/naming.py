"""Formats by name: that of a file's ending, or another word for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Self

from tidegate.model.errors import UnknownName

_SYNONYMS: Final = {
    "ndjson": "jsonl",
    "json": "jsonl",
    "excel": "xlsx",
    "tab": "tsv",
    "pq": "parquet",
    "matlab": "mat",
}


class NamedFormat(StrEnum):
    """Formats, under the endings of their files."""

    @classmethod
    def named(cls, text: str) -> Self:
        """The format of a name or of a file's ending.

        Raises:
            UnknownName: there is no such format.
        """
        known = [one.value for one in cls]
        word = text.strip().lower().lstrip(".")
        found = word if word in known else _SYNONYMS.get(word)
        if found not in known:
            raise UnknownName("format", text, known)
        return cls(found)
