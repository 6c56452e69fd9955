"""What an export of OCPI records lets out, made ready once: rules, filter, joins and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import msgspec

from tidegate.formats.records import RecordFormat, writer
from tidegate.gate.filtering import Mark, RecordFilter
from tidegate.gate.verdicts import Verdict
from tidegate.model.errors import BadValue
from tidegate.platforms.ocpi.columns import columns_of
from tidegate.platforms.ocpi.joining import Joins, joined_rules, joins_of
from tidegate.platforms.ocpi.rules import field_rules

if TYPE_CHECKING:
    from tidegate.formats.records import RecordWriter
    from tidegate.gate.rules import FieldRules
    from tidegate.platforms.ocpi.client import OcpiClient


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants of a module.

    Attributes:
        module: `sessions`, `cdrs`, `locations`, `tariffs` or `tokens`.
        profile: of privacy, that the rules start from.
        passes: paths that leave on top of it; `.` for everything.
        extensions: a pass may name a field that only this platform has.
        mark: what stands for a blanked value.
        times: `whole`, `hour` or `day`: how passed instants are written; as they came if None.
        joins: modules to join.
        format: of the output.
        explode: path of a list that gets a row for each element.
        date_from: UTC microseconds; records updated then or later.
        date_to: UTC microseconds; records updated before.
        offset: records to pass over.
        limit: the size of the one page that is wanted; everything if None.
        page_size: records to ask for at once.
        throttle: least seconds between the starts of two page requests.
    """

    module: str
    profile: str = "default"
    passes: tuple[str, ...] = ()
    extensions: bool = False
    mark: Mark = Mark.NA
    times: str | None = None
    joins: tuple[str, ...] = ()
    format: RecordFormat = RecordFormat.JSONL
    explode: str | None = None
    date_from: int | None = None
    date_to: int | None = None
    offset: int = 0
    limit: int | None = None
    page_size: int | None = None
    throttle: float | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing.

        Raises:
            BadValue: an offset below 0, or pages of no records.
        """
        if self.offset < 0:
            raise BadValue("--offset", self.offset, "0 or more")
        for option, size in {"--limit": self.limit, "--page-size": self.page_size}.items():
            if size is not None and size < 1:
                raise BadValue(option, size, "at least one")


class Outlet:
    """Lets the records of one export out; not for use by two threads at once.

    Attributes:
        wanted: what the export is to hold.
        rules: by which records leave, with what is joined to them.

    Raises:
        UnknownName: there is no such list to explode.
        BadValue: options that do not go together.
    """

    def __init__(self, wanted: Wanted, rules: FieldRules) -> None:
        self.wanted = wanted
        self.rules = rules
        if wanted.explode is not None and not wanted.format.has_columns:
            raise BadValue("--explode", wanted.explode, "given with csv, tsv, parquet or xlsx")
        self._columns = columns_of(
            rules, explode=wanted.explode, passing_only=wanted.mark is Mark.OMIT
        )
        is_typed = wanted.format is RecordFormat.PARQUET and wanted.mark is Mark.NA
        self._filter = RecordFilter(rules, mark=Mark.NULL if is_typed else wanted.mark)
        joins = joins_of(wanted.module, wanted.joins)
        self._joins = Joins(joins) if joins else None

    @property
    def is_personal(self) -> bool:
        """True if it lets out more than the default profile does."""
        plain = msgspec.structs.replace(self.wanted, profile="default", passes=(), times=None)
        usual = rules_of(plain, self.rules.version)
        open_ = {one.path for one in usual.fields() if one.verdict is Verdict.PASS}
        return any(
            field.path not in open_
            for field in self.rules.fields()
            if field.verdict is Verdict.PASS
        )

    @property
    def skipped(self) -> int:
        """Elements of pages that were no records."""
        return self._filter.skipped

    @property
    def unknown(self) -> dict[str, int]:
        """How often each unknown field was blanked, by its path."""
        return dict(self._filter.unknown)

    def prepare(self, client: OcpiClient) -> None:
        """Take from the platform what is joined.

        Raises:
            TransportError: the platform cannot be asked.
        """
        for module in joins_of(self.wanted.module, self.wanted.joins):
            assert self._joins is not None
            pages = client.pages(
                module, page_size=self.wanted.page_size, throttle=self.wanted.throttle
            )
            for page in pages:
                self._joins.add(module, page.data)

    def lines(self, data: bytes) -> bytes:
        """The JSON array of a page as JSON lines, joined and filtered."""
        return self._filter.page(data if self._joins is None else self._joins.page(data))

    def writer(self, stream: BinaryIO, *, goes_on: bool = False) -> RecordWriter:
        """A writer of the lines that leave."""
        wanted = self.wanted
        return writer(
            wanted.format, stream, columns=self._columns, explode=wanted.explode, goes_on=goes_on
        )


def rules_of(wanted: Wanted, version: str) -> FieldRules:
    """The rules by which what is wanted leaves.

    Args:
        wanted: what somebody wants.
        version: of the protocol, as the platform speaks it.

    Raises:
        BadPassList: a pass names what is not there.
        UnknownName: there is no such module or profile, or the module cannot be joined.
    """
    rules = field_rules(wanted.module, version, wanted.profile)
    joins = joins_of(wanted.module, wanted.joins)
    if joins:
        others = {module: field_rules(module, version, wanted.profile) for module in joins}
        rules = joined_rules(rules, others)
    if wanted.passes:
        rules = rules.passing(wanted.passes, extensions=wanted.extensions)
    return rules.rounding(wanted.times) if wanted.times else rules
