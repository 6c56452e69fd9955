"""How values of one series are condensed over time."""

from __future__ import annotations

from enum import StrEnum

from tidegate.model.errors import UnknownName

_SHORT = {"avg": "average", "sum": "sum"}


class Aggregation(StrEnum):
    """Aggregation methods under WebTSM's names."""

    SUM = "Sum"
    AVERAGE = "Average"
    MIN = "Min"
    MAX = "Max"
    MOST_FREQUENTLY = "MostFrequently"
    AT_THE_MOMENT = "AtTheMoment"
    LAST_VALUE = "LastValue"
    ABS_MIN = "AbsMin"
    ABS_MAX = "AbsMax"

    @classmethod
    def named(cls, text: str) -> Aggregation:
        """The method of a name in any case; the short forms SUM and AVG count.

        Raises:
            UnknownName: no method has that name.
        """
        wanted = _SHORT.get(text.strip().lower(), text.strip().lower())
        for method in cls:
            if method.value.lower() == wanted:
                return method
        raise UnknownName("aggregation", text, [method.value for method in cls])
