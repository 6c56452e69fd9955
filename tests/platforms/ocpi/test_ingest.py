"""Pages on their way into the store: whatever they hold, no record is lost and none is shown."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
import pytest

from tidegate.gate.transforms import Hasher
from tidegate.model.errors import MalformedAnswer
from tidegate.model.instants import MINUTE
from tidegate.model.intervals import parse_interval
from tidegate.platforms.ocpi.ingest import Ingest, ingest_rules
from tidegate.platforms.ocpi.mapping import Mapping
from tidegate.platforms.ocpi.settings import OcpiSettings

HASHER = Hasher(b"k" * 32)


def ingest(module: str = "sessions", **settings: Any) -> Ingest:
    given = OcpiSettings(party="NLABC", **settings)
    mapping = Mapping("ocpi", parse_interval("15m"), module)
    return Ingest(module, given, mapping, HASHER, step=15 * MINUTE)


def documents(module: str, page: bytes, **settings: Any) -> list[Any]:
    found = ingest(module, **settings).piece(page).records
    return [msgspec.json.decode(text) for text in found["document"].to_pylist()]


@pytest.mark.parametrize("keep_full", [False, True])
@pytest.mark.parametrize(
    "value", [b'"\\ud83d"', b'"\xff"', b"1e999", b"1" * 5000, b'{"a":[1,{"b":null}]}']
)
def test_values_that_cannot_be_cost_no_record(value: bytes, keep_full: bool):
    """Half an emoji, bytes that are no text, numbers beyond all bounds: the record stays."""
    page = b'[{"id":"A","custom":' + value + b',"kwh":' + value + b'},{"id":"B"}]'
    found = documents("sessions", page, keep_full=keep_full)
    assert len(found) == 2
    assert keep_full or found[0]["custom"] == "#NA"


def test_a_page_that_is_no_json_is_told_without_its_content():
    """The error says which module, and shows nothing of the page."""
    with pytest.raises(MalformedAnswer) as told:
        ingest().piece(b'[{"id":"SECRET')
    assert "sessions" in str(told.value)
    assert "SECRET" not in str(told.value)


def test_odd_elements_are_counted(caplog: pytest.LogCaptureFixture):
    """Elements that are no records are told as a count, unknown fields by their names."""
    one = ingest()
    piece = one.piece(b'[null,{"id":"A","plate":"XX-01-YY"},7,"text"]')
    with caplog.at_level(logging.INFO):
        one.tell()
    assert piece.records.num_rows == 1
    assert "3 elements of sessions" in caplog.text
    assert "plate" in caplog.text
    assert "XX-01-YY" not in caplog.text


def test_the_same_id_has_the_same_hash_everywhere():
    """Sessions, CDRs and tokens can be joined by what is stored of them."""
    token = b'{"uid":"04A1","type":"RFID","contract_id":"C1"}'
    (session,) = documents("sessions", b'[{"id":"s1","cdr_token":' + token + b"}]")
    (cdr,) = documents("cdrs", b'[{"id":"c1","session_id":"S1","cdr_token":' + token + b"}]")
    (card,) = documents("tokens", b"[" + token + b"]")
    assert cdr["session_id"] == session["id"] == HASHER("S1")
    assert session["cdr_token"]["uid"] == cdr["cdr_token"]["uid"] == card["uid"] == HASHER("04A1")


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
@pytest.mark.parametrize("module", ["sessions", "cdrs", "tokens"])
def test_no_profile_stores_ids_of_persons(module: str, version: str):
    """What identifies a driver is blank or hashed under every profile but whole records."""
    personal = {"uid", "contract_id", "auth_id", "visual_number", "evse_uid", "location_id"}
    for profile in ("strict", "default", "parity"):
        settings = OcpiSettings(party="NLABC", version=version, profile=profile)
        rules = ingest_rules(module, settings)
        out = {field.path for field in rules.fields() if field.verdict.value == "pass"}
        own = {path for path in out if path.rpartition(".")[2] in personal}
        if profile == "strict":
            assert own == set()
        assert not own & {"auth_id", "cdr_token.uid", "cdr_token.contract_id", "uid", "contract_id"}
    whole = ingest_rules(module, OcpiSettings(party="NLABC", version=version, keep_full=True))
    assert {field.verdict.value for field in whole.fields()} == {"pass"}
