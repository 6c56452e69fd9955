"""Calls as formulas write them, bound to the functions that there are."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tidegate.calc.formula.evaluation import evaluate
from tidegate.calc.formula.functions import REQUIRED, Function, Parameter, Takes
from tidegate.calc.formula.library import CONSTANTS, LIBRARY, function_names
from tidegate.calc.formula.references import aggregation, named, quotation
from tidegate.calc.formula.rules import TSM_RULES
from tidegate.calc.formula.tree import (
    AttributeNumber,
    Call,
    Constant,
    Expression,
    Misfit,
    Node,
    Operation,
    Reference,
    SumOver,
    postorder,
)
from tidegate.model.attributes import AttributeFilter
from tidegate.model.errors import UnknownName
from tidegate.model.flags import Flag
from tidegate.model.intervals import IntervalUnit, parse_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_STEPS: Final = 10_000_000
"""Steps or calendar units that a function may look around."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes; only calls take one."""

    value: str
    position: int


Argument: TypeAlias = Node | Text


def call(name: str, position: int, arguments: Sequence[Argument]) -> Node:
    """The node of a call.

    Raises:
        Misfit: there is no such function, or it does not take these arguments.
    """
    word = name.casefold()
    if word in _LEAVES:
        return _LEAVES[word](position, arguments)
    if word in CONSTANTS and not arguments:
        return Constant(CONSTANTS[word], position)
    if word not in LIBRARY:
        known = function_names()
        lower = {one.casefold(): one for one in known}
        close = difflib.get_close_matches(word, lower, n=3)
        raise Misfit(f"'{name}' is no function", position, [lower[one] for one in close])
    return _bound(LIBRARY[word], position, arguments)


def _bound(function: Function, position: int, arguments: Sequence[Argument]) -> Node:
    count = _operand_count(function, position, len(arguments))
    operands = tuple(_operand(argument) for argument in arguments[:count])
    given = list(arguments[count:])
    parameters = tuple(
        _parameter(parameter, given[place]) if place < len(given) else parameter.default
        for place, parameter in enumerate(function.parameters)
    )
    return Call(function, operands, parameters, position)


def _operand_count(function: Function, position: int, given: int) -> int:
    """How many of the arguments are operands."""
    required = sum(1 for parameter in function.parameters if parameter.default is REQUIRED)
    least = function.least + required
    most = None if function.most is None else function.most + len(function.parameters)
    if given < least or (most is not None and given > most):
        bounds = "or more" if most is None else f"to {most}"
        wanted = f"{least}" if least == most else f"{least} {bounds}"
        raise Misfit(f"{function.name} takes {wanted} arguments, not {given}", position)
    return function.least if function.parameters else given


def _operand(argument: Argument) -> Node:
    if isinstance(argument, Text):
        raise Misfit("a text stands where a number is needed", argument.position)
    return argument


def _text(argument: Argument, wanted: str) -> str:
    if isinstance(argument, Text):
        return argument.value
    raise Misfit(f"{wanted} must be a text in quotes", argument.position, [f'"{wanted}"'])


# ---- constant arguments -----------------------------------------------------------------------


def _parameter(parameter: Parameter, argument: Argument) -> Any:
    return _READ[parameter.takes](argument)


def _whole(argument: Argument, least: int = -MOST_STEPS, most: int = MOST_STEPS) -> int:
    number = _constant(argument)
    if number is None or not number.is_integer() or not least <= number <= most:
        wanted = f"a whole number from {least:,} to {most:,}"
        raise Misfit("the argument is not a number that it can be", argument.position, [wanted])
    return int(number)


def _constant(argument: Argument) -> float | None:
    """The number of an argument that does not depend on any series."""
    if isinstance(argument, Text):
        return None
    if not all(isinstance(node, Constant | Operation) for node in postorder(argument)):
        return None
    result = evaluate(Expression("", argument), {}, 1, rules=TSM_RULES)
    return float(result.numbers[0]) if result.present[0] else None


def _flag(argument: Argument) -> Flag:
    number = _constant(argument)
    if number is None or number not in {float(flag) for flag in Flag}:
        known = [str(int(flag)) for flag in Flag]
        raise Misfit("the argument is no flag", argument.position, known)
    return Flag(int(number))


def _interval(argument: Argument) -> Any:
    text = _text(argument, "Day")
    try:
        interval = parse_interval(text)
    except UnknownName as problem:
        raise Misfit(problem.message, argument.position, _UNITS) from None
    if interval.is_spontaneous:
        raise Misfit("the argument is no raster", argument.position, _UNITS)
    return interval


_UNITS: Final = [unit.name.capitalize() for unit in IntervalUnit if unit is not IntervalUnit.NO]
_READ: Final[dict[Takes, Callable[[Argument], Any]]] = {
    Takes.WHOLE: _whole,
    Takes.COUNT: lambda argument: _whole(argument, 1),
    Takes.DIGITS: lambda argument: _whole(argument, 0, 15),
    Takes.FLAG: _flag,
    Takes.UNIT: lambda argument: _text(argument, "unit").strip(),
    Takes.INTERVAL: _interval,
    Takes.METHOD: lambda argument: aggregation(_text(argument, "method"), argument.position),
}


# ---- functions that read from the store -------------------------------------------------------


def _sum_over_attributes(position: int, arguments: Sequence[Argument]) -> Node:
    """`TSAA(unit, valid_if_any, filter…)`."""
    wanted = 'TSAA("unit", "TRUE", "Name|Value")'
    if len(arguments) < 3:
        raise Misfit(f"TSAA takes 3 or more arguments, not {len(arguments)}", position, [wanted])
    filters = tuple(_filter(argument) for argument in arguments[2:])
    return _sum_over(position, arguments, filters, "TSAA")


def _sum_over_category(position: int, arguments: Sequence[Argument]) -> Node:
    """`TSCA(unit, valid_if_any, category)`."""
    if len(arguments) != 3:
        raise Misfit(f"TSCA takes 3 arguments, not {len(arguments)}", position)
    category = _filter(arguments[2])
    if category.value is not None:
        raise Misfit("a category has no value", arguments[2].position)
    return _sum_over(position, arguments, (category,), "TSCA")


def _sum_over(
    position: int, arguments: Sequence[Argument], filters: tuple[AttributeFilter, ...], name: str
) -> Node:
    unit = _text(arguments[0], "unit").strip()
    unit = "" if unit.casefold() == "none" else unit
    lenient = _boolean(arguments[1])
    texts = [unit, str(lenient).upper(), *(str(one) for one in filters)]
    shown = ", ".join(quotation(text) for text in texts)
    return SumOver(f"{name}({shown})", position, unit or None, lenient, filters)


def _filter(argument: Argument) -> AttributeFilter:
    found = AttributeFilter.parse(_text(argument, "Name|Value"))
    if not found.name:
        raise Misfit("the filter names no attribute", argument.position, ['"Name|Value"'])
    return found


def _boolean(argument: Argument) -> bool:
    if isinstance(argument, Text):
        word = argument.value.strip().casefold()
        if word in {"true", "false"}:
            return word == "true"
    elif isinstance(argument, Constant):
        return argument.value != 0
    wanted = ['"TRUE"', '"FALSE"']
    raise Misfit("the argument is neither true nor false", argument.position, wanted)


def _series(position: int, arguments: Sequence[Argument]) -> Node:
    """`TS(name, unit, method)`: a reference in the form of a function."""
    if not 1 <= len(arguments) <= 3:
        raise Misfit(f"TS takes 1 to 3 arguments, not {len(arguments)}", position)
    texts = [_text(argument, "name, unit or method") for argument in arguments]
    name, unit, method = (*texts, "", "")[:3]
    way = aggregation(method.strip(), arguments[-1].position)
    return named(name, position, unit.strip() or None, way, quoted=True)


def _attribute(position: int, arguments: Sequence[Argument]) -> Node:
    """`Attr(series, name)`."""
    if len(arguments) != 2:
        raise Misfit(f"Attr takes 2 arguments, not {len(arguments)}", position)
    series, attribute = arguments[0], _text(arguments[1], "name").strip()
    if not isinstance(series, Reference):
        wanted = ["a series in brackets", "an alias"]
        raise Misfit("Attr looks at a series", series.position, wanted)
    shown = f"Attr({series.name}, {quotation(attribute)})"
    return AttributeNumber(shown, position, series, attribute)


_LEAVES: Final[dict[str, Callable[[int, Sequence[Argument]], Node]]] = {
    "tsaa": _sum_over_attributes,
    "tsca": _sum_over_category,
    "ts": _series,
    "attr": _attribute,
}
