"""The formula languages by name, and what differs between them after reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.calc.formula import dcs, tsm
from tidegate.calc.formula.evaluation import RULES, Rule, evaluate, needing
from tidegate.calc.formula.rules import TSM_RULES
from tidegate.model.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from tidegate.calc.formula.frame import Frame
    from tidegate.calc.formula.tree import Expression, Operator
    from tidegate.calc.formula.triples import Triples


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One way to write formulas.

    Attributes:
        parse: reads a text over declared names into a checked tree.
        rules: what the operators do.
        needs_all: whether a step has no number as soon as any name of the formula has none,
            even one in a branch that is not chosen.
        looks_around: whether formulas are calculated on a raster of their own, to which their
            inputs are converted and on which functions look at other steps; else their inputs
            share one raster.
    """

    name: str
    parse: Callable[[str, Collection[str] | None], Expression]
    rules: Mapping[Operator, Rule]
    needs_all: bool
    looks_around: bool

    def evaluate(
        self,
        expression: Expression,
        inputs: Mapping[str, Triples],
        length: int,
        frame: Frame | None = None,
    ) -> Triples:
        """The values of an expression by the rules of this language."""
        result = evaluate(expression, inputs, length, rules=self.rules, frame=frame)
        if not self.needs_all:
            return result
        return needing(result, [inputs[name] for name in expression.references()])


_LANGUAGES: Final = {
    "dcs": Language(name="dcs", parse=dcs.parse, rules=RULES, needs_all=True, looks_around=False),
    "tsm": Language(
        name="tsm", parse=tsm.parse, rules=TSM_RULES, needs_all=False, looks_around=True
    ),
}


def language(name: str) -> Language:
    """The language of a name.

    Raises:
        UnknownName: there is no such language.
    """
    if name not in _LANGUAGES:
        raise UnknownName("formula language", name, list(_LANGUAGES))
    return _LANGUAGES[name]
