"""References to series as formulas write them: `[name or id, offset, unit, method]`."""

from __future__ import annotations

import re
from typing import Final

from tidegate.calc.formula.tree import Misfit, Reference
from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import UnknownName

_TARGET: Final = re.compile(r'\[\s*(?:"((?:[^"]|"")*)"|([^,\]"][^,\]]*))\s*(,|\])')


def reference(text: str, position: int) -> Reference:
    """The leaf of a reference in brackets.

    The offset asks for readings around the window; what is needed is known here without it.

    Raises:
        Misfit: an offset is no number, a method is none, or there are too many parts.
    """
    target = _TARGET.match(text)
    if target is None:
        raise Misfit("the reference names no series", position + 1, ["a name or id"])
    rest = text[target.end() : -1].split(",") if target[3] == "," else []
    if len(rest) > 3:
        wanted = ["[name, offset, unit, method]"]
        raise Misfit("the reference has more than four parts", position, wanted)
    offset, unit, method = (*(part.strip() for part in rest), "", "", "")[:3]
    if offset and not offset.isdecimal():
        raise Misfit(f"the offset '{offset}' is no number", position, ["a number of intervals"])
    quoted = target[1] is not None
    name = target[1].replace('""', '"') if quoted else target[2].strip()
    return named(name, position, unit or None, aggregation(method, position), quoted=quoted)


def named(
    target: str,
    position: int,
    unit: str | None,
    method: Aggregation | None,
    *,
    quoted: bool,
) -> Reference:
    """The leaf of a series by its name or id."""
    if not target.strip():
        raise Misfit("the reference names no series", position, ["a name or id"])
    shown = quotation(target) if quoted else target
    parts = ", ".join([shown, "", unit or "", method.value if method else ""])
    return Reference(f"[{parts}]", position, target, unit, method, quoted)


def aggregation(text: str, position: int) -> Aggregation | None:
    """The method of a name; None of an empty one.

    Raises:
        Misfit: there is no such method.
    """
    if not text:
        return None
    try:
        return Aggregation.named(text)
    except UnknownName as problem:
        known = [method.value for method in Aggregation]
        raise Misfit(problem.message, position, known) from None


def quotation(text: str) -> str:
    """A text as formulas write it."""
    return '"' + text.replace('"', '""') + '"'
