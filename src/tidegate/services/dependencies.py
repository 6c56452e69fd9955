"""What formulas refer to: circles, and series that go while formulas name them, are refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tidegate.calc.formula.languages import language
from tidegate.calc.formula.parsing import refusal
from tidegate.calc.formula.references import quotation
from tidegate.calc.formula.tree import Misfit
from tidegate.model.errors import InUse
from tidegate.model.series import NewSeries, Series, SeriesKey
from tidegate.store.messages import SeriesSelection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tidegate.calc.formula.tree import Reference
    from tidegate.model.errors import BadExpression
    from tidegate.store.verbs import Verbs

Defined: TypeAlias = "NewSeries | Series"


def require_no_circle(store: Verbs, defined: Sequence[Defined], *, repository: str) -> None:
    """Refuse definitions with which a formula would refer back to itself.

    What sums over attributes may come to include shows only when they are calculated.

    Args:
        store: where the other series are.
        defined: new series, and series as they will be.
        repository: of all of them.

    Raises:
        BadExpression: a formula would; the message names the chain.
    """
    graph = _graph(store, defined, repository)
    finished: set[str] = set()
    for start in graph:
        chain: list[_Edge] = []
        waiting: set[str] = set()
        ahead = [iter([_Edge("", start, "", 0)])]
        while ahead:
            edge = next(ahead[-1], None)
            if edge is None:
                ahead.pop()
                if chain:
                    done = chain.pop().target
                    waiting.discard(done)
                    finished.add(done)
            elif edge.target in waiting:
                raise _circle([*chain[1:], edge], {one.name for one in defined})
            elif edge.target not in finished:
                chain.append(edge)
                waiting.add(edge.target)
                ahead.append(iter(graph[edge.target]))


def require_unmentioned(
    store: Verbs,
    going: Sequence[Series],
    *,
    repository: str,
    becoming: Sequence[Series] = (),
) -> None:
    """Refuse to let series go, or lose their names, while the formulas of others mention them.

    Args:
        store: where the series are.
        going: series that are removed or renamed, as they are now.
        repository: of all of them.
        becoming: what some series become at the same time; those of `going` that are among them
            are renamed, the others removed.

    Raises:
        InUse: a formula would refer to what is no longer there.
    """
    new = {one.key: one for one in becoming}
    taken = {one.name for one in becoming}
    lost = [one for one in going if one.key not in new or one.name not in taken]
    if not lost:
        return
    gone = {one.key for one in lost if one.key not in new}
    known = store.find_series(SeriesSelection(calculated=True), repository=repository)
    for user in (new.get(one.key, one) for one in known):
        if user.key in gone:
            continue
        for one in lost:
            if _mentions(user, one, by_number=one.key in gone):
                raise InUse("series", one.name, f"the formula of series '{user.name}'")


# ---- who refers to whom ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Edge:
    """A mention of one series in a text of another's formula."""

    source: str
    target: str
    text: str
    position: int


@dataclass(frozen=True, slots=True)
class _Mention:
    """What a formula names: the series of a key, or of a number or name."""

    user: str
    text: str
    reference: Reference
    key: SeriesKey | None

    @property
    def number(self) -> int | None:
        """The id that it may mean."""
        target = self.reference.target or ""
        plain = not self.reference.quoted and target.isascii() and target.isdecimal()
        return int(target) if plain and len(target) < 19 else None


class _Known:
    """Series by what formulas call them: as they will be, else as the store has them."""

    def __init__(self, store: Verbs, defined: Sequence[Defined], repository: str) -> None:
        self._store = store
        self._repository = repository
        self._replaced = {one.key for one in defined if isinstance(one, Series)}
        self._names: dict[str, Defined] = {}
        self._numbers: dict[int, Defined] = {}
        self._keys: dict[SeriesKey, Defined] = {}
        self._learn(defined)

    def _learn(self, series: Iterable[Defined]) -> None:
        for one in series:
            self._names.setdefault(one.name, one)
            if one.id is not None:
                self._numbers.setdefault(int(one.id), one)
            if isinstance(one, Series):
                self._keys.setdefault(one.key, one)

    def look_up(self, mentions: Sequence[_Mention]) -> None:
        """Learn of what is mentioned, all together."""
        keys = {one.key for one in mentions if one.key is not None} - self._keys.keys()
        numbers = {one.number for one in mentions if one.number is not None}
        names = {one.reference.target for one in mentions if one.reference.target}
        for selection in (
            SeriesSelection(keys=tuple(sorted(keys))),
            SeriesSelection(ids=tuple(sorted(numbers - self._numbers.keys()))),
            SeriesSelection(names=tuple(sorted(names - self._names.keys()))),
        ):
            if selection.keys or selection.ids or selection.names:
                found = self._store.find_series(selection, repository=self._repository)
                self._learn(one for one in found if one.key not in self._replaced)

    def meant(self, mention: _Mention) -> Defined | None:
        """The series that a mention means; None if it is not there."""
        if mention.key is not None:
            return self._keys.get(mention.key)
        number = mention.number
        found = None if number is None else self._numbers.get(number)
        return found or self._names.get(mention.reference.target or "")


def _graph(store: Verbs, defined: Sequence[Defined], repository: str) -> dict[str, list[_Edge]]:
    """The mentions in every formula that can be reached, by the name of its series."""
    known = _Known(store, defined, repository)
    graph: dict[str, list[_Edge]] = {one.name: [] for one in defined if one.formula}
    waiting = [one for one in defined if one.formula]
    while waiting:
        mentions = [mention for one in waiting for mention in _mentioned(one)]
        known.look_up(mentions)
        waiting = []
        for mention in mentions:
            target = known.meant(mention)
            if target is None or target.formula is None:
                continue
            edge = _Edge(mention.user, target.name, mention.text, mention.reference.position)
            graph[mention.user].append(edge)
            if target.name not in graph:
                graph[target.name] = []
                waiting.append(target)
    return graph


def _circle(chain: Sequence[_Edge], defined: set[str]) -> BadExpression:
    """The error of a chain whose end leads back into it, told from what is being defined on."""
    first = [edge.source for edge in chain].index(chain[-1].target)
    circle = chain[first:]
    start = next((place for place, one in enumerate(circle) if one.source in defined), 0)
    circle = [*circle[start:], *circle[:start]]
    names = " → ".join([circle[0].source, *(edge.target for edge in circle)])
    why = f"series '{circle[0].source}' refers back to itself: {names}"
    return refusal(circle[0].text, Misfit(why, circle[0].position))


def _mentioned(series: Defined) -> Iterator[_Mention]:
    """What the texts of a formula name."""
    formula = series.formula
    assert formula is not None
    keys = {alias.casefold(): key for alias, key in formula.aliases.items()}
    names = formula.aliases.keys() | formula.alias_origins.keys()
    for _, text in formula.texts():
        if not text.strip():
            continue
        for name, leaf in language(formula.language).parse(text, names).references().items():
            if leaf.target is not None:
                yield _Mention(series.name, text, leaf, None)
            elif name.casefold() in keys:
                yield _Mention(series.name, text, leaf, keys[name.casefold()])


def _mentions(user: Series, one: Series, *, by_number: bool) -> bool:
    """Whether the texts of a formula name a series by its name, or also by its number."""
    assert user.formula is not None
    marks = [one.name, quotation(one.name)[1:-1], *([str(one.id)] if by_number else [])]
    if not any(mark in text for _, text in user.formula.texts() for mark in marks):
        return False  # reading every formula would take long
    return any(
        mention.key is None
        and (mention.reference.target == one.name or (by_number and mention.number == one.id))
        for mention in _mentioned(user)
    )
