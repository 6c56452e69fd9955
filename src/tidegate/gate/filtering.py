"""The filter that every record passes on its way out: field rules applied to documents.

It takes any JSON whatever: a value of another shape than the protocol has, and a field that no rule
names, become the mark, and the record stays. No value of an unfiltered record is ever told.
"""

from __future__ import annotations

import gc
import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET, Raw

from tidegate.gate.rules import Branch, FieldRules, Leaf, Node
from tidegate.gate.shapes import Compiled, Shape, told
from tidegate.gate.transforms import Hasher, Transform, hashing, transform
from tidegate.gate.verdicts import Mark, Verdict
from tidegate.model.errors import MalformedAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Mark", "RecordFilter"]

_MARKS: Final[dict[Mark, Any]] = {Mark.NA: "#NA", Mark.NULL: None, Mark.OMIT: UNSET}
_SAMPLE: Final = 32
"""Records of the first page from which the shape is learned."""
_MAX_LEARNED: Final = 32
"""Pages after which the shape stays as it is."""
_MAX_UNKNOWN: Final = 500
_OTHERS: Final = "(others)"
"""Under which unknown fields are counted once there are too many names to keep."""

_SURROGATE: Final = re.compile(
    rb"\\(?:[^uU]|u(?![dD][89a-fA-F])|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_INTEGER: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|(?P<huge>\d{4000,})(?![\d.eE])')
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_exact = msgspec.json.Decoder(float_hook=Raw)
_encoder = msgspec.json.Encoder()
_elements = msgspec.json.Decoder(list[Raw])


class RecordFilter:
    """Field rules made ready to be applied; not for use by two threads at once.

    Args:
        rules: what may leave.
        mark: what stands for a value that may not.
        hasher: makes keyed hashes; without one, what would be hashed is blank.

    Attributes:
        rules: as given.
        unknown: how often each unknown field was blanked, by path; names only, never values.
        skipped: elements of pages that are no records.
    """

    def __init__(
        self, rules: FieldRules, *, mark: Mark = Mark.NA, hasher: Hasher | None = None
    ) -> None:
        self.rules = rules
        self.unknown: Counter[str] = Counter()
        self.skipped = 0
        self._given = (rules, mark, hasher)
        self._mark = _MARKS[mark]
        self._hashed = hashing(hasher) if hasher else None
        self._actions: dict[int, Transform] = {}
        self._shape = Shape(rules.root)
        self._learned = 0
        self._fast: _Fast | None = None
        self._spaced = False
        self._dropped = frozenset(_dropped(rules.root))

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, self._given

    def record(self, record: dict[str, Any]) -> dict[str, Any]:
        """What may leave of a decoded record; changes the document that it is given.

        Numbers may be `msgspec.Raw` (their text) where digits matter.
        """
        self._object(self.rules.root, record, "")
        return record

    def page(self, data: bytes) -> bytes:
        r"""What may leave of a page, as JSON lines: one record a line, each ended by `\n`.

        Numbers keep their digits, texts and fields their order. Elements that are no objects are
        left out and counted.

        Args:
            data: JSON text of an array of records.

        Raises:
            MalformedAnswer: the text is not JSON.
        """
        try:
            return self._page(_plain(data))
        except _UNREADABLE:
            repaired = _repaired(data)
        try:
            return self._page(_plain(repaired))
        except _UNREADABLE:
            raise MalformedAnswer(
                f"a page of {self.rules.module} is not JSON",
                hint="ask again; if it stays so, tell the operator of the platform",
            ) from None

    def _page(self, data: bytes) -> bytes:
        compact = msgspec.json.format(data, indent=-1) if self._spaced else data
        lines = self._fast.page(compact) if self._fast else None
        return lines if lines is not None else self._strange_page(data)

    def _strange_page(self, data: bytes) -> bytes:
        """A page whose records do not all have the shape that was learned, if one was."""
        compact = msgspec.json.format(data, indent=-1)
        self._spaced = compact != data
        try:
            elements = _elements.decode(compact)
        except msgspec.ValidationError:
            self.skipped += 1
            return b""
        if self._fast is None:
            self._learn(_exact.decode(element) for element in elements[:_SAMPLE])
        lines = self._fast.page(compact) if self._fast else None
        return lines if lines is not None else self._one_by_one(elements)

    def _one_by_one(self, elements: list[Raw]) -> bytes:
        lines: list[bytes] = []
        strange: list[Any] = []
        for element in elements:
            line = self._fast.line(element) if self._fast else None
            if line is None:
                document = _exact.decode(element)
                if not isinstance(document, dict):
                    self.skipped += 1
                    continue
                if self._learned < _MAX_LEARNED:
                    strange.append(_exact.decode(element))
                line = _encoder.encode(self.record(document)) + b"\n"
            lines.append(line)
        self._learn(strange)
        return b"".join(lines)

    def _learn(self, documents: Any) -> None:
        if self._learned >= _MAX_LEARNED:
            return
        news = [self._shape.learn(each) for each in documents if isinstance(each, dict)]
        if any(news):
            self._learned += 1
            self._fast = _Fast(self._shape.compile(self._change, self._mark, self.unknown))

    # ---- one document ---------------------------------------------------------------------------

    def _object(self, rules: Branch, document: dict[str, Any], prefix: str) -> dict[str, Any]:
        children = rules.children
        for name in tuple(document):
            rule = children.get(name)
            if rule is None:
                value = self._unknown(rules, document[name], prefix + name)
            elif isinstance(rule, Leaf):
                value = self._leaf(rule, document[name])
            else:
                value = self._branch(rule, document[name], f"{prefix}{name}.")
            if value is UNSET:
                del document[name]
            else:
                document[name] = value
        return document

    def _unknown(self, rules: Branch, value: Any, path: str) -> Any:
        if rules.other is Verdict.BLANK:
            shown = told(path)
            known = shown in self.unknown or len(self.unknown) < _MAX_UNKNOWN
            self.unknown[shown if known else _OTHERS] += 1
        return self._other(rules, value)

    def _branch(self, rules: Branch, value: Any, prefix: str) -> Any:
        if id(rules) in self._dropped:
            return UNSET
        if value is None:
            return None
        if rules.many and isinstance(value, list):
            kept = [self._element(rules, each, prefix) for each in value]
            return [each for each in kept if each is not UNSET]
        if not rules.many and isinstance(value, dict):
            return self._object(rules, value, prefix)
        return self._other(rules, value)

    def _element(self, rules: Branch, value: Any, prefix: str) -> Any:
        if isinstance(value, dict):
            return self._object(rules, value, prefix)
        return None if value is None else self._other(rules, value)

    def _leaf(self, rule: Leaf, value: Any) -> Any:
        if not rule.many:
            return self._value(rule, value)
        if self._vanishes(rule):
            return UNSET
        if isinstance(value, list):
            kept = [self._value(rule, each) for each in value]
            return [each for each in kept if each is not UNSET]
        if value is None:
            return None
        return self._other(rule, value)

    def _vanishes(self, rule: Leaf) -> bool:
        """Whether nothing stands for a value."""
        if rule.verdict is Verdict.OMIT:
            return True
        return self._mark is UNSET and rule.verdict is not Verdict.PASS and not self._change(rule)

    def _value(self, rule: Leaf, value: Any) -> Any:
        if isinstance(value, dict | list):
            return self._other(rule, value)
        action = self._actions.get(id(rule)) or self._action(rule)
        return action(value)

    def _other(self, rule: Node, value: Any) -> Any:
        if rule.other is Verdict.PASS:
            return value
        return UNSET if rule.other is Verdict.OMIT else self._mark

    def _action(self, rule: Leaf) -> Transform:
        """What the walk does to a value; kept by the identity of the rule, which the tree holds."""
        change = self._change(rule)
        if change is None and rule.verdict is not Verdict.PASS:
            stands = UNSET if rule.verdict is Verdict.OMIT else self._mark
            change = partial(_constant, stands)
        self._actions[id(rule)] = found = change or _same
        return found

    def _change(self, rule: Leaf) -> Transform | None:
        """The hash or transform of a leaf, if it has one."""
        if rule.verdict is Verdict.HASH and self._hashed:
            return self._marking(self._hashed, null=self._mark)
        if rule.verdict is Verdict.PASS and rule.transform:
            return self._marking(transform(rule.transform), null=None)
        return None

    def _marking(self, change: Transform, *, null: Any) -> Transform:
        """A transform that also takes null, and gives the mark where it does not apply."""
        mark = self._mark

        def changed(value: Any) -> Any:
            if value is None:
                return null
            made = change(value)
            return mark if made is None else made

        return changed


class _Fast:
    """Pages whose records have the shape that was learned."""

    def __init__(self, compiled: Compiled) -> None:
        self._blank = compiled.blank
        page: Any = list
        self._page = msgspec.json.Decoder(page[compiled.structure])
        self._record = msgspec.json.Decoder(compiled.structure)

    def page(self, data: bytes) -> bytes | None:
        """The lines of a page, or nothing if one of its records has another shape."""
        # A page makes thousands of short-lived lists and no cycles: looking for cycles meanwhile
        # takes a quarter of the time.
        collects = gc.isenabled()
        gc.disable()
        try:
            objects = self._page.decode(data)
            if _encoder.encode(objects) != data:
                return None
            self._blank(objects)
            return _encoder.encode_lines(objects)
        except msgspec.ValidationError:
            return None
        finally:
            if collects:
                gc.enable()

    def line(self, element: Raw) -> bytes | None:
        """The line of one record, or nothing if it has another shape."""
        try:
            record = self._record.decode(element)
        except msgspec.ValidationError:
            return None
        if _encoder.encode(record) != bytes(element):
            return None
        self._blank([record])
        return _encoder.encode(record) + b"\n"


def _repaired(data: bytes) -> bytes:
    """The text with halves of characters replaced, and whole numbers too long for `int` as others.

    Both are allowed by the grammar of JSON and refused by the decoder.
    """
    whole = _SURROGATE.sub(lambda found: b"\\ufffd" if found["lone"] else found[0], data)
    return _INTEGER.sub(lambda found: found[0] + (b".0" if found["huge"] else b""), whole)


def _same(value: Any) -> Any:
    return value


def _constant(stands: Any, _value: Any) -> Any:
    return stands


def _plain(data: bytes) -> bytes:
    """The text of a page if it is UTF-8, without ends of lines."""
    if not data.isascii():
        data.decode()
    if b"\n" in data or b"\r" in data:
        return msgspec.json.format(data, indent=-1)
    return data


def _dropped(rules: Branch) -> Iterator[int]:
    """The identity of each branch under which nothing at all leaves."""
    for child in rules.children.values():
        if isinstance(child, Branch):
            below = set(_dropped(child))
            yield from below
            if child.other is Verdict.OMIT and all(
                id(each) in below if isinstance(each, Branch) else each.verdict is Verdict.OMIT
                for each in child.children.values()
            ):
                yield id(child)


def _remade(rules: FieldRules, mark: Mark, hasher: Hasher | None) -> RecordFilter:
    return RecordFilter(rules, mark=mark, hasher=hasher)
