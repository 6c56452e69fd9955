"""The formula languages by name, and what differs between them after reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.calc.formula import dcs
from tidegate.calc.formula.evaluation import FUNCTIONS, Function, Triples, evaluate, needing
from tidegate.model.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from tidegate.calc.formula.tree import Expression, Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One way to write formulas.

    Attributes:
        parse: reads a text over declared names into a checked tree.
        functions: what the operators do.
        needs_all: whether a step has no number as soon as any name of the formula has none,
            even one in a branch that is not chosen.
    """

    name: str
    parse: Callable[[str, Collection[str] | None], Expression]
    functions: Mapping[Operator, Function]
    needs_all: bool

    def evaluate(
        self, expression: Expression, inputs: Mapping[str, Triples], length: int
    ) -> Triples:
        """The values of an expression by the rules of this language."""
        result = evaluate(expression, inputs, length, functions=self.functions)
        if not self.needs_all:
            return result
        return needing(result, [inputs[name] for name in expression.references()])


_LANGUAGES: Final = {
    "dcs": Language(name="dcs", parse=dcs.parse, functions=FUNCTIONS, needs_all=True),
}


def language(name: str) -> Language:
    """The language of a name.

    Raises:
        UnknownName: there is no such language.
    """
    if name not in _LANGUAGES:
        raise UnknownName("formula language", name, list(_LANGUAGES))
    return _LANGUAGES[name]
