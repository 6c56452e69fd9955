"""Pages of records on their way into the store: what they contribute, then what may be kept.

Energy, places and keys are taken from the whole record; the document is what the profile of the
connection leaves of it. Ids that joins need are kept as keyed hashes where the profile blanks them.
"""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from tidegate.gate.filtering import RecordFilter
from tidegate.gate.places import places_of
from tidegate.gate.verdicts import Verdict
from tidegate.model.errors import MalformedAnswer
from tidegate.model.records import RecordPiece
from tidegate.platforms.ocpi import energy, spreading
from tidegate.platforms.ocpi.charges import charges_of, instants_of, spans_of
from tidegate.platforms.ocpi.fields import instant
from tidegate.platforms.ocpi.mapping import credited_key, evse_subject, key_of, subject_of
from tidegate.platforms.ocpi.rules import field_rules
from tidegate.platforms.ocpi.wire import rows
from tidegate.store.records_energy import CONTRIBUTIONS
from tidegate.store.records_writing import RECORDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.gate.rules import FieldRules
    from tidegate.gate.transforms import Hasher
    from tidegate.model.catalogue import Entry
    from tidegate.platforms.ocpi.charges import Charge
    from tidegate.platforms.ocpi.fields import Record
    from tidegate.platforms.ocpi.mapping import Mapping
    from tidegate.platforms.ocpi.settings import OcpiSettings
    from tidegate.platforms.ocpi.spreading import Spans

logger = logging.getLogger(__name__)

_JOIN_IDS: Final = frozenset(
    {
        "auth_id",
        "authorization_reference",
        "contract_id",
        "credit_reference_id",
        "evse_id",
        "evse_uid",
        "id",
        "location_id",
        "session_id",
        "tariff_id",
        "uid",
    }
)
"""Last names of the paths that joins and counts of visits need."""

_REMEMBERED: Final = 1 << 16
"""EVSEs of which is remembered what follows from them."""


def ingest_rules(module: str, settings: OcpiSettings) -> FieldRules:
    """What a pull puts into the store of the records of a module.

    Raises:
        UnknownName: the connection has a profile or a version that is none.
    """
    if settings.keep_full:
        return field_rules(module, settings.version, "full")
    rules = field_rules(module, settings.version, settings.profile)
    blank = (field.path for field in rules.fields() if field.verdict is Verdict.BLANK)
    return rules.hashing(path for path in blank if path.rpartition(".")[2] in _JOIN_IDS)


def _mended(page: bytes, module: str) -> bytes:
    """A page with half an emoji or a number that no machine holds, made readable.

    Raises:
        MalformedAnswer: it is not JSON.
    """
    try:
        document = json.loads(page.decode(errors="replace"), parse_float=_finite, parse_int=_finite)
    except (ValueError, RecursionError):
        raise MalformedAnswer(f"a page of {module} is not JSON", subject=module) from None
    return json.dumps(document, ensure_ascii=False).encode(errors="replace")


def _finite(digits: str) -> int | float | None:
    value = float(digits)
    if not math.isfinite(value):
        return None
    return int(digits) if digits.lstrip("-").isdecimal() else value


@dataclass(frozen=True, slots=True)
class _Located:
    """What follows from the EVSE of a charge.

    Attributes:
        party: what keys of its records begin with.
        subject: of the EVSE.
        places: keyed hashes of the names of the EVSE and its location.
    """

    party: str
    subject: str
    places: list[str]


def _is_readable(page: bytes) -> bool:
    """Whether what is kept as it came can be read again, values that nobody asks for included."""
    try:
        msgspec.json.decode(page)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _texts(documents: list[bytes]) -> pa.Array:
    return pa.array(documents, pa.binary()).cast(pa.string())


class Ingest:
    """Turns pages of one module into pieces for the store.

    Args:
        module: of the records.
        settings: of the connection.
        mapping: what its records mean.
        hasher: makes keyed hashes of ids and places.
        step: microseconds of a bin of energy, 0 if this module gives none.
    """

    def __init__(
        self, module: str, settings: OcpiSettings, mapping: Mapping, hasher: Hasher, *, step: int
    ) -> None:
        rules = ingest_rules(module, settings)
        own = "uid" if module == "tokens" else "id"
        self._module = module
        self._mapping = mapping
        self._hasher = hasher
        self._step = step
        self._filter = None if settings.keep_full else RecordFilter(rules, hasher=hasher)
        self._hides_keys = not rules.lets_out(own)
        self._mentioned: set[str] = set()
        self._places_known: dict[tuple[Any, ...], _Located] = {}
        self._skipped = 0

    def piece(self, page: bytes) -> RecordPiece:
        """The piece of a page, given as the text of a JSON array of records."""
        piece = self._usual_piece(page) if self._module in {"sessions", "cdrs"} else None
        if piece is not None:
            return piece
        try:
            records = self._decoded(page)
        except (msgspec.DecodeError, UnicodeDecodeError):
            page = _mended(page, self._module)
            records = self._decoded(page)
        mentioned, contributions = self._contributions(records)
        return RecordPiece(
            records=self._table(records, self._documents(page, len(records))),
            contributions=contributions,
            described=self._described(records),
            mentioned=tuple(mentioned),
        )

    def tell(self) -> None:
        """Log what was found that nobody expected: names and counts, no values."""
        if self._skipped:
            logger.warning("%d elements of %s are no records", self._skipped, self._module)
        if self._filter is not None and self._filter.unknown:
            names = ", ".join(name for name, _ in self._filter.unknown.most_common(10))
            logger.info("unknown fields of %s were blanked: %s", self._module, names)

    def _usual_piece(self, page: bytes) -> RecordPiece | None:
        """The same by columns, None if a record has anything unusual."""
        charges = charges_of(page)
        if not charges or (self._filter is None and not _is_readable(page)):
            return None
        updated = instants_of([charge.last_updated for charge in charges])
        if updated is None:
            return None
        takings = [
            self._credits(charge.document) if charge.credit is True else None for charge in charges
        ]
        counted = np.array([bool(self._step) and taken is None for taken in takings], np.bool_)
        spans = spans_of(charges, updated, counted)
        if spans is None:
            return None
        located = [self._located(charge) for charge in charges]
        return RecordPiece(
            records=self._usual_table(charges, located, updated, takings, page),
            contributions=self._usual_contributions(spans, located),
            mentioned=tuple(self._mentioned_by(charges, located, counted)),
        )

    def _usual_table(
        self,
        charges: list[Charge],
        located: list[_Located],
        updated: NDArray[np.int64],
        takings: list[str | None],
        page: bytes,
    ) -> pa.Table:
        columns = {
            "module": [self._module] * len(charges),
            "key": [
                self._key(f"{one.party}{charge.id.strip().upper()}")
                for one, charge in zip(located, charges, strict=True)
            ],
            "updated_at": updated,
            "document": _texts(self._documents(page, len(charges))),
            "places": [one.places for one in located],
            "credits": takings,
        }
        return pa.table(columns, schema=RECORDS)

    def _usual_contributions(self, spans: Spans, located: list[_Located]) -> pa.Table:
        places, ts, units = spreading.contributions(spans, self._step or 1)
        subjects = pa.array([one.subject for one in located], pa.string())
        named = subjects.take(pa.array(places))
        return pa.table([places, named, ts, units], schema=CONTRIBUTIONS)

    def _located(self, charge: Charge) -> _Located:
        """Where a charge was; remembered, since there are many charges at one EVSE."""
        found = self._places_known.get(charge.place)
        if found is None:
            record = charge.document
            party = subject_of(record)
            found = _Located(
                party=f"{party}*" if party else "",
                subject=evse_subject(record),
                places=self._places(record),
            )
            if len(self._places_known) >= _REMEMBERED:
                self._places_known.clear()
            self._places_known[charge.place] = found
        return found

    def _mentioned_by(
        self, charges: list[Charge], located: list[_Located], counted: NDArray[np.bool_]
    ) -> list[Entry]:
        mentioned = []
        for charge, one, counts in zip(charges, located, counted, strict=True):
            if counts and one.subject not in self._mentioned:
                self._mentioned.add(one.subject)
                mentioned.append(self._mapping.mentioned(charge.document))
        return mentioned

    def _documents(self, page: bytes, count: int) -> list[bytes]:
        """What is kept of the records of a page, as text."""
        if self._filter is None:
            documents = [bytes(row) for row in rows(page) if bytes(row).startswith(b"{")]
        else:
            documents = self._filter.page(page).splitlines()
        assert len(documents) == count
        return documents

    def _decoded(self, page: bytes) -> list[Record]:
        """The records of a page; elements that are no objects are left out and counted."""
        arrived = msgspec.json.decode(page)
        records: list[Record] = [record for record in arrived if isinstance(record, dict)]
        self._skipped += len(arrived) - len(records)
        return records

    def _table(self, records: list[Record], documents: list[bytes]) -> pa.Table:
        columns = {
            "module": [self._module] * len(records),
            "key": [self._key(key_of(self._module, record)) for record in records],
            "updated_at": [
                instant(record, "last_updated", *energy.ENDS) or 0 for record in records
            ],
            "document": _texts(documents),
            "places": [self._places(record) for record in records],
            "credits": [self._credits(record) for record in records],
        }
        return pa.table(columns, schema=RECORDS)

    def _key(self, key: str) -> str:
        return self._hasher(key) if self._hides_keys else key

    def _credits(self, record: Record) -> str | None:
        key = credited_key(record) if self._module == "cdrs" else None
        return None if key is None else self._key(key)

    def _places(self, record: Record) -> list[str]:
        if self._module == "tokens":
            return []
        return [self._hasher(name) for name in places_of(self._module, record)]

    def _described(self, records: list[Record]) -> tuple[Entry, ...]:
        if self._module != "locations":
            return ()
        return tuple(
            entry for record in records for entry in self._mapping.location_entries(record)
        )

    def _contributions(self, records: list[Record]) -> tuple[list[Entry], pa.Table]:
        """The energy of records, and the entries of EVSEs that they name for the first time."""
        mentioned: list[Entry] = []
        subjects: list[str | None] = [None] * len(records)
        counts = np.zeros(len(records), np.int64)
        starts: list[int] = []
        units: list[int] = []
        for row, record in enumerate(records if self._step else ()):
            if self._module == "cdrs" and credited_key(record) is not None:
                continue
            subject = subjects[row] = evse_subject(record)
            if subject not in self._mentioned:
                self._mentioned.add(subject)
                mentioned.append(self._mapping.mentioned(record))
            bins = energy.bins(record, self._step)
            counts[row] = len(bins)
            starts += bins.keys()
            units += bins.values()
        places = pa.array(np.repeat(np.arange(len(records)), counts))
        named = pa.array(subjects, pa.string()).take(places)
        return mentioned, pa.table([places, named, starts, units], schema=CONTRIBUTIONS)
