"""Pages read by columns: they say exactly what the same pages say record by record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.gate.transforms import Hasher
from tidegate.model.instants import HOUR, MINUTE, SECOND, to_text
from tidegate.model.intervals import parse_interval
from tidegate.platforms.ocpi import ingest as ingesting
from tidegate.platforms.ocpi.charges import charges_of, instants_of, spans_of
from tidegate.platforms.ocpi.ingest import Ingest
from tidegate.platforms.ocpi.mapping import Mapping
from tidegate.platforms.ocpi.settings import OcpiSettings

if TYPE_CHECKING:
    from tidegate.model.records import RecordPiece

T0 = 1_700_000_000 * SECOND
HASHER = Hasher(b"k" * 32)
TIMES = st.one_of(
    st.integers(0, 40_000).map(lambda seconds: T0 + seconds * SECOND),
    st.integers(0, 40_000_000).map(lambda milliseconds: T0 + milliseconds * 1000),
    st.integers(0, 40_000_000_000).map(lambda offset: T0 + offset),
).map(to_text)
ENERGY = st.one_of(st.none(), st.integers(-9, 900), st.floats(-1e3, 2e6, allow_nan=False))
DIMENSIONS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["ENERGY", "energy", "TIME"])}, optional={"volume": ENERGY}
    ),
    max_size=3,
)
PERIODS = st.lists(
    st.fixed_dictionaries({"start_date_time": TIMES, "dimensions": DIMENSIONS}), max_size=4
)
CHARGES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"id": st.sampled_from(["a1", " B2 ", "c3"]), "last_updated": TIMES, "start_date_time": TIMES},
    optional={
        "country_code": st.sampled_from(["NL", "nl", None]),
        "party_id": st.sampled_from(["TST", ""]),
        "end_date_time": st.one_of(st.none(), TIMES),
        "kwh": ENERGY,
        "total_energy": ENERGY,
        "charging_periods": PERIODS.map(
            lambda periods: sorted(periods, key=lambda one: str(one["start_date_time"]))
        ),
        "location_id": st.sampled_from(["LOC1", "loc1 ", "#NA", None]),
        "evse_uid": st.sampled_from(["1", "2"]),
        "evse_id": st.sampled_from(["NL*TST*E1", "NLTSTE2"]),
        "home_charging_compensation": st.booleans(),
        "cdr_location": st.fixed_dictionaries(
            {"id": st.sampled_from(["LOC1", "LOC2"])},
            optional={"evse_uid": st.just("2"), "city": st.just("Utrecht")},
        ),
        "credit": st.sampled_from([True, False, None]),
        "credit_reference_id": st.sampled_from(["a1", ""]),
        "total_cost": st.sampled_from([-3, 3, {"excl_vat": -2.5}, {"before_taxes": "-1"}, None]),
    },
)


def ingest(module: str, **settings: Any) -> Ingest:
    given = OcpiSettings(party="NLABC", version="2.2.1", **settings)
    mapping = Mapping("ocpi", parse_interval("15m"), module)
    return Ingest(module, given, mapping, HASHER, step=15 * MINUTE)


def one_by_one(module: str, page: bytes, **settings: Any) -> RecordPiece:
    """What the page says to whoever reads each record for itself."""
    with patch.object(ingesting, "charges_of", lambda _page: None):
        return ingest(module, **settings).piece(page)


@given(
    records=st.lists(CHARGES, min_size=1, max_size=6),
    module=st.sampled_from(["sessions", "cdrs"]),
    keep_full=st.booleans(),
)
def test_columns_say_what_records_say(
    records: list[dict[str, Any]], module: str, keep_full: bool
) -> None:
    """Whatever usual members there are, keys, energy, places and entries are the same."""
    page = msgspec.json.encode(records)
    found = ingest(module, keep_full=keep_full).piece(page)
    expected = one_by_one(module, page, keep_full=keep_full)
    assert found.records.to_pylist() == expected.records.to_pylist()
    assert found.contributions.to_pylist() == expected.contributions.to_pylist()
    assert found.mentioned == expected.mentioned


@pytest.mark.parametrize(
    "member",
    [
        {"last_updated": "soon"},
        {"last_updated": None},
        {"start_date_time": "2023-01-01T00:00:00+01:00"},
        {"start_date_time": "2023-01-01T00:00:00"},
        {"end_date_time": ""},
        {"end_date_time": "2023-01-01T00:00:00.123456789Z"},
        {"id": 7},
        {"id": " "},
        {"kwh": "2.5"},
        {"kwh": 1e300},
        {"location": {"id": "LOC1", "evses": [{"uid": "1"}]}},
        {"charging_periods": [{"start_date_time": to_text(T0)}, 7]},
        {"charging_periods": {"start_date_time": to_text(T0)}},
        {"custom": "\ud800"},
        {"cdr_location": {"id": ["LOC1"], "evse_uid": {"is": 1}}},
    ],
)
def test_unusual_members_are_read_record_by_record(member: dict[str, Any]) -> None:
    """One unusual record among usual ones changes nothing of what the page says."""
    usual = {
        "id": "A",
        "last_updated": to_text(T0),
        "start_date_time": to_text(T0),
        "end_date_time": to_text(T0 + HOUR),
        "kwh": 3,
    }
    page = json.dumps([usual, {**usual, "id": "B"} | member]).encode()
    found, expected = ingest("sessions").piece(page), one_by_one("sessions", page)
    assert found.records.num_rows == 2
    assert found.records.to_pylist() == expected.records.to_pylist()
    assert found.contributions.to_pylist() == expected.contributions.to_pylist()


def test_usual_pages_are_read_by_columns() -> None:
    """A session as platforms write it takes the short way."""
    usual = {"id": "A", "last_updated": to_text(T0), "start_date_time": to_text(T0), "kwh": 3}
    charges = charges_of(msgspec.json.encode([usual]))
    assert charges is not None
    updated = instants_of([charge.last_updated for charge in charges])
    assert updated is not None
    assert spans_of(charges, updated, updated > 0) is not None
