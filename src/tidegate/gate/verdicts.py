"""What happens to a field on its way out."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """The fate of one field of a record."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    """It leaves as it is."""
    BLANK = "blank"
    """The mark leaves in its place."""
    HASH = "hash"
    """A keyed hash leaves in its place; the mark where there is no key."""
    OMIT = "omit"
    """Neither name nor value leaves."""


class Mark(StrEnum):
    """What stands where a value was blanked."""

    NA = "na"
    """The text `#NA`, which the protocol itself uses for what is not available."""
    NULL = "null"
    OMIT = "omit"
    """Nothing: the field is left out."""
