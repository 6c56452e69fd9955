"""The records of the OCPI stand-in: conforming, consistent, and with every case that matters."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tidegate.model import instants
from tidegate.platforms.ocpi.objects import MODULES, VERSIONS, objects

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SCALARS = {"num": (int, float), "int": (int,), "bool": (bool,)}


def problems(described, kind, value, path=""):
    """What is wrong with a value of a class, by the object tables."""
    members = {member.name: member for member in described.classes[kind]}
    for name in value.keys() - members.keys():
        yield f"{path}.{name} is in no table"
    for name, member in members.items():
        here = f"{path}.{name}"
        if name not in value:
            if member.required and not member.foreign:
                yield f"{here} is missing"
            continue
        if member.foreign:
            yield f"{here} belongs to another version"
        elif isinstance(value[name], list) != member.many:
            yield f"{here} has another cardinality"
        else:
            for item in value[name] if member.many else [value[name]]:
                yield from item_problems(described, member.type, item, here)


def item_problems(described, kind, item, path):
    """What is wrong with one value of a type."""
    if kind in described.classes:
        yield from problems(described, kind, item, path)
        return
    texts = re.fullmatch(r"c?s(\d+)", kind)
    if kind in SCALARS:
        good = isinstance(item, SCALARS[kind]) and (kind == "bool" or not isinstance(item, bool))
    elif texts:
        good = isinstance(item, str) and 0 < len(item) <= int(texts[1])
    elif kind == "dt":
        good = bool(TIME.fullmatch(item))
    elif kind == "url":
        good = item.startswith("https://")
    else:
        good = bool(re.fullmatch("[A-Za-z0-9_]+", item))
    if not good:
        yield f"{path} is no {kind}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("module", MODULES)
def test_records_conform_to_the_object_tables(shared, module, version):
    """No unknown member, none missing, each of its type; the documented record is the exception."""
    described = objects(version)
    found: Counter[str] = Counter()
    for record in shared.records(module, version, limit=1000):
        if "location" in record or (module, version) != ("sessions", "2.1.1"):
            found.update(problems(described, described.modules[module], record))
    assert not found


def seconds(text):
    """A time as seconds since 1970."""
    return instants.parse(text) // instants.SECOND


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_charging_periods_add_up(shared, version):
    """Energies of the periods make the session; its times enclose them; a CDR says the same."""
    sessions = {record["id"]: record for record in shared.records("sessions", version)}
    for record in sessions.values():
        volumes: Counter[str] = Counter()
        for period in record["charging_periods"]:
            for dimension in period["dimensions"]:
                volumes[dimension["type"]] += dimension["volume"]
        assert volumes["ENERGY"] == pytest.approx(record["kwh"], abs=1e-9)
        starts = [seconds(period["start_date_time"]) for period in record["charging_periods"]]
        assert starts == sorted(set(starts))
        assert starts[0] == seconds(record["start_date_time"])
        end = seconds(record.get("end_date_time", record["last_updated"]))
        assert starts[-1] < end <= seconds(record["last_updated"])
        assert volumes["TIME"] == pytest.approx((end - starts[0]) / 3600, abs=0.001)
    for cdr in shared.records("cdrs", version):
        session = sessions[cdr["session_id"]]
        assert cdr["total_energy"] == session["kwh"]
        assert cdr["end_date_time"] == session["end_date_time"]
        assert cdr["charging_periods"] == session["charging_periods"]
        assert cdr["cdr_location"]["evse_uid"] == session["evse_uid"]


def test_every_finished_session_has_a_cdr(shared):
    """Sessions never closed and invalid ones have none."""
    kinds = Counter(record["status"] for record in shared.records("sessions"))
    assert set(kinds) == {"COMPLETED", "ACTIVE", "INVALID"}
    charged = Counter(record["session_id"] for record in shared.records("cdrs"))
    for record in shared.records("sessions"):
        assert (record["id"] in charged) == (record["status"] == "COMPLETED")
        assert ("end_date_time" in record) == (record["status"] != "ACTIVE")
    assert Counter(charged.values()) == {1: 102, 3: 6}


def test_corrections_come_as_a_credit_and_a_new_cdr(shared):
    """The credit repeats the original with a negative total; the correction costs less."""
    cdrs = {record["id"]: record for record in shared.records("cdrs")}
    credited = [record for record in cdrs.values() if record["credit"]]
    assert len(credited) == 6
    for credit in credited:
        first = cdrs[credit["credit_reference_id"]]
        new = cdrs[first["id"] + "-2"]
        assert credit["total_cost"]["excl_vat"] == -first["total_cost"]["excl_vat"]
        assert 0 < new["total_cost"]["excl_vat"] < first["total_cost"]["excl_vat"]
        own = {"id", "credit", "credit_reference_id", "remark", "last_updated", "total_cost"}
        same = credit.keys() - own
        assert all(credit[name] == first[name] for name in same)
        assert credit["total_energy_cost"] == first["total_energy_cost"]


def test_records_refer_to_each_other(shared):
    """Locations, EVSEs, tariffs and tokens exist, but for EVSEs that are listed no more."""
    evses = {
        (place["id"], evse["uid"]): evse["connectors"]
        for place in shared.records("locations")
        for evse in place["evses"]
    }
    places = {place for place, _ in evses}
    tariffs = set(shared.ids("tariffs"))
    tokens = {(one["party_id"], one["uid"]): one for one in shared.records("tokens")}
    gone = 0
    for session in shared.records("sessions"):
        assert session["location_id"] in places
        assert {period["tariff_id"] for period in session["charging_periods"]} <= tariffs
        token = session["cdr_token"]
        assert tokens[token["party_id"], token["uid"]]["contract_id"] == token["contract_id"]
        connectors = evses.get((session["location_id"], session["evse_uid"]))
        gone += connectors is None
        if connectors is not None:
            assert session["connector_id"] in {one["id"] for one in connectors}
    assert 0 < gone < 12
    for connectors in evses.values():
        assert all(set(one["tariff_ids"]) <= tariffs for one in connectors)


def test_locations_cover_the_cases_that_matter(shared):
    """Several cities, home chargers that are not public, removed EVSEs, fast chargers."""
    places = shared.records("locations")
    assert {"Utrecht", "Arnhem"} < {place["city"] for place in places}
    homes = [place for place in places if not place["publish"]]
    assert len(homes) == 3
    assert {place["parking_type"] for place in homes} == {"ON_DRIVEWAY"}
    assert all(place["parking_type"] != "ON_DRIVEWAY" for place in places if place["publish"])
    assert all(place["suboperator"]["name"].startswith("Familie") for place in homes)
    evses = [evse for place in places for evse in place["evses"]]
    assert "REMOVED" in {evse["status"] for evse in evses}
    powers = {one["power_type"] for evse in evses for one in evse["connectors"]}
    assert powers == {"AC_3_PHASE", "DC"}
    paid = [one for one in shared.records("cdrs") if one.get("home_charging_compensation")]
    assert {one["cdr_location"]["id"] for one in paid} <= {place["id"] for place in homes}
    assert paid


def test_old_sessions_embed_the_evse_and_connector_used(shared):
    """One EVSE with one connector, in sessions and CDRs of 2.1.1."""
    new = {record["id"]: record for record in shared.records("sessions", "2.2.1")}
    for record in shared.records("sessions", "2.1.1")[1:]:
        location = record["location"]
        (evse,) = location["evses"]
        (connector,) = evse["connectors"]
        other = new[record["id"]]
        names = ("location_id", "evse_uid", "connector_id")
        assert (location["id"], evse["uid"], connector["id"]) == tuple(other[one] for one in names)
        assert record["kwh"] == other["kwh"]
