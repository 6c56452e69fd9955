"""`/share`: records of a real pull leave through views only, page by page."""

from __future__ import annotations

import csv
import io
import json
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tidegate.cli import run
from tidegate.gate.takings import takings
from tidegate.model.identities import Role
from tidegate.model.instants import parse
from tidegate.model.views import GroupRule, ModuleRules, Selection, Source, View
from tidegate.services.hash_keys import hasher_of
from tidegate.services.identity import Identities, make_key
from tidegate.services.opened import Store
from tidegate.services.sharing import Sharing
from tidegate.services.views import create_view
from tidegate.standins.ocpi import running as running_standin
from tidegate.standins.ocpi.faults import parse_fault
from tidegate.web.application import create_application
from tidegate.web.limits import Limits
from tidegate.web.serving import listening, running

from .conftest import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.standins.ocpi import Standin

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")
SESSIONS = 40
WHOLE = "all-of-it"
START = {"2.1.1": "start_datetime"}


@pytest.fixture(scope="module")
def standin() -> Iterator[Standin]:
    """A platform with a little of everything, chargers at home included."""
    with running_standin(sessions=SESSIONS, seed=3, examples=False) as found:
        yield found


@dataclass
class World:
    """A store that pulled everything in full, its service, and the platform itself."""

    store: Store
    url: str
    standin: Standin
    version: str
    identities: Identities

    def key(self, view: str | None, role: Role = Role.READER) -> str:
        """A new key, known to the service at once."""
        _, text = make_key(self.store.verbs, "consumer", role, view=view)
        self.identities.forget()
        return text

    def view(self, name: str = "city", **rules: Any) -> str:
        """Make a view and a key for it; gives the key."""
        if "modules" in rules:
            rules["modules"] = {
                module: ModuleRules(passed=tuple(passed))
                for module, passed in rules["modules"].items()
            }
        create_view(self.store.verbs, View(name=name, **rules))
        return self.key(name)

    def ask(self, key: str | None, path: str, **headers: str):
        with closing(Caller(self.url, token=key)) as caller:
            return caller.get(f"/share/{path}", headers=headers)

    def all(self, key: str, path: str) -> list[dict[str, Any]]:
        """Every record, by the links."""
        found: list[dict[str, Any]] = []
        while path:
            answer = self.ask(key, path)
            assert answer.status == 200, answer.body
            found += answer.json()["data"]
            link = answer.headers.get("link", "")
            target = urlsplit(link.partition("<")[2].partition(">")[0])
            path = f"{target.path.removeprefix('/share/')}?{target.query}" if link else ""
        return found

    def raw(self, module: str) -> list[dict[str, Any]]:
        """What the store holds, in full."""
        return [json.loads(one.document) for one in self.store.verbs.records("ocpi", module)]


@contextmanager
def world(
    standin: Standin,
    folder: Any,
    version: str,
    *,
    rate: int = 100_000,
    address: str | None = None,
) -> Iterator[World]:
    words = ["--store", str(folder), "--quiet"]
    login = ["ocpi", "login", standin.versions_url, "--party", "NL-ABC", "--version", version]
    assert run([*login, "--keep-full", *words]) == 0
    assert run(["pull", "ocpi", *words]) == 0
    with (
        Store.open(folder) as store,
        Sharing(store.verbs, store.path, policies=store.policies) as sharing,
    ):
        limits = replace(Limits(), share_rate=rate, address=address)
        application = create_application(store.verbs, limits=limits, sharing=sharing)
        with running(application, listening("127.0.0.1", 0)) as url:
            yield World(store, url, standin, version, application.state.service.identities)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where the secrets of this module's stores are kept."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def worlds(standin, home, tmp_path_factory) -> Iterator[dict[str, World]]:
    """One world for each version."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_RUNTIME_DIR", str(home))
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        patch.setenv("TIDEGATE_TOKEN", standin.token)
        yield {
            version: stack.enter_context(
                world(standin, tmp_path_factory.mktemp("world") / "store", version)
            )
            for version in VERSIONS
        }


@pytest.fixture(autouse=True)
def own_secrets(standin, home, monkeypatch) -> None:
    """The token of the platform and the key of hashes, as when the stores were made."""
    monkeypatch.setenv("TIDEGATE_TOKEN", standin.token)
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture(params=VERSIONS)
def each(request, worlds):
    """The world of every version in turn."""
    return worlds[request.param]


@pytest.fixture
def one(worlds):
    """The world of 2.2.1."""
    return worlds["2.2.1"]


ALL_MODULES = {"locations": (), "sessions": (), "cdrs": (), "tariffs": ()}


def evses_of(location: dict[str, Any]) -> list[str]:
    return [evse["uid"] for evse in location.get("evses") or ()]


def place(record: dict[str, Any]) -> tuple[str, list[str]]:
    """Location id and EVSE uids of a session or CDR of any version, as the protocol has them."""
    if "location" in record:
        return record["location"]["id"], evses_of(record["location"])
    told = record.get("cdr_location", record)
    return told.get("location_id", told.get("id")), [told["evse_uid"]]


class TestWhoMayAsk:
    def test_nobody_without_a_key(self, one):
        """401, with the challenge, in the protocol's own form."""
        for headers in ({"Authorization": ""}, {"Authorization": "Bearer tg_wrong"}):
            answer = one.ask(None, "sessions", **headers)
            assert answer.status == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.json()["status_code"] == 2000
            assert "data" not in answer.json()

    def test_both_schemes(self, one):
        """`Bearer` and `Token`, as those who speak OCPI say."""
        key = one.view(modules={"tariffs": ()})
        for scheme in ("Bearer", "Token", "token"):
            answer = one.ask(None, "tariffs", Authorization=f"{scheme} {key}")
            assert (answer.status, answer.json()["status_code"]) == (200, 1000)

    def test_only_modules_of_the_view(self, one):
        """403 for another module, 404 for what is never shared."""
        key = one.view(modules={"tariffs": ()})
        assert one.ask(key, "sessions").status == 403
        assert one.ask(key, "tokens").status == 404
        assert one.ask(key, "nothing").status == 404

    def test_a_key_without_a_view_gets_nothing(self, one):
        """Not even an administrator's."""
        key = one.key(None, Role.ADMINISTRATOR)
        assert one.ask(key, "sessions").status == 403

    def test_a_key_with_a_view_gets_nothing_else(self, one):
        """The store behind the view is closed to it, series and definitions alike."""
        key = one.view(modules={"tariffs": ()})
        with closing(Caller(one.url, token=key)) as caller:
            for path in (
                "/api",
                "/metrics",
                "timeseries",
                "attributes",
                "units",
                "/api/repositories",
            ):
                assert caller.get(path).status == 403, path

    def test_a_key_that_ended(self, one):
        """Revoked is revoked, also for what it asked before."""
        key = one.view(modules={"tariffs": ()})
        assert one.ask(key, "tariffs").status == 200
        held = next(k for k in one.store.verbs.api_keys() if key.startswith(k.beginning))
        one.store.verbs.revoke_api_key(held.id)
        one.identities.forget()
        assert one.ask(key, "tariffs").status == 401


class TestFields:
    def test_by_default_strict(self, each):
        """No id, time or amount of a session; currency and method are no secret."""
        key = each.view(modules=ALL_MODULES)
        for record in each.all(key, "sessions"):
            assert record["kwh"] == "#NA"
            assert record[START.get(each.version, "start_date_time")] == "#NA"
            assert record["currency"] == "EUR"
            assert len(record["id"]) == 32
        text = each.ask(key, "cdrs").body.decode()
        for record in each.raw("cdrs"):
            assert record["id"] not in text

    def test_what_the_view_passes_is_as_it_is(self, each):
        """Never `#NA` in place of a passed value."""
        key = each.view(
            modules={"sessions": ("kwh", "charging_periods"), "cdrs": ("total_energy",)}
        )
        shown = each.all(key, "sessions")
        raw = {json.dumps(r["charging_periods"]): r["kwh"] for r in each.raw("sessions")}
        assert shown
        for record in shown:
            assert raw[json.dumps(record["charging_periods"])] == record["kwh"]

    def test_fields_only_narrow(self, one):
        """What is asked for leaves alone; what the view does not let out is named as refused."""
        key = one.view(modules={"sessions": ("kwh",)})
        answer = one.ask(key, "sessions?fields=kwh,currency,start_date_time,cdr_token")
        assert {tuple(record) for record in answer.json()["data"]} == {
            ("cdr_token", "kwh", "currency")
        } or all(
            set(record) <= {"kwh", "currency", "cdr_token"} for record in answer.json()["data"]
        )
        assert answer.headers["x-refused-fields"] == "start_date_time"
        assert "start_date_time" in answer.json()["status_message"]
        assert one.ask(key, "sessions?fields=start_date_time,nonsense").status == 403

    def test_rounding_and_leaving_out(self, one):
        """Times to the day, energy to whole kWh, one structure not at all."""
        create_view(
            one.store.verbs,
            View(
                name="rounded",
                modules={
                    "sessions": ModuleRules(
                        passed=("kwh", "start_date_time"), omitted=("cdr_token",)
                    )
                },
                round_times="day",
                round_energy=True,
            ),
        )
        key = one.key("rounded")
        for record in one.all(key, "sessions"):
            assert record["start_date_time"].endswith("T00:00:00Z")
            assert record["kwh"] == int(record["kwh"])
            assert "cdr_token" not in record


class TestSelection:
    @pytest.mark.parametrize("by", ["location", "uid", "evse", "attribute"])
    def test_only_the_selected_evses(self, each, by):
        """Locations, sessions, CDRs and tariffs of one EVSE or location, and nothing else."""
        locations = [one for one in each.raw("locations") if len(evses_of(one)) > 1]
        location = locations[0]
        evse = location["evses"][0]
        chosen = {
            "location": Selection(locations=(location["id"].lower(),)),
            "uid": Selection(uids=(evse["uid"],)),
            "evse": Selection(evses=(evse["evse_id"].replace("*", "-").lower(),)),
            "attribute": Selection(attributes=(f"evse_uid|{evse['uid']}",)),
        }[by]
        uids = evses_of(location) if by == "location" else [evse["uid"]]
        modules = {"locations": (), "sessions": ("kwh",), "cdrs": ("total_energy",), "tariffs": ()}
        key = each.view(modules=modules, selection=chosen, exclude=())
        (shown,) = each.all(key, "locations")
        assert evses_of(shown) == uids
        for module, amount in (("sessions", "kwh"), ("cdrs", "total_energy")):
            expected = [
                record[amount] for record in each.raw(module) if place(record)[1][0] in uids
            ]
            assert [record[amount] for record in each.all(key, module)] == expected
        wanted = {
            name.upper()
            for one in location["evses"]
            if one["uid"] in uids
            for connector in one["connectors"]
            for name in (*connector.get("tariff_ids", ()), connector.get("tariff_id", ""))
        }
        tariffs = {record["id"] for record in each.all(key, "tariffs")}
        assert tariffs == {one["id"] for one in each.raw("tariffs")} & wanted

    def test_what_stays_at_home(self, each):
        """Unpublished locations, driveways, and what was charged there leave by no default view."""
        private = {
            one["id"]
            for one in each.raw("locations")
            if one.get("publish") is False or one.get("parking_type") == "ON_DRIVEWAY"
        }
        key = each.view(modules={"locations": (), "cdrs": ("total_energy",), "sessions": ("kwh",)})
        assert not private & {one["id"] for one in each.all(key, "locations")}
        expected = [one["kwh"] for one in each.raw("sessions") if place(one)[0] not in private]
        assert [one["kwh"] for one in each.all(key, "sessions")] == expected
        expected = [
            one["total_energy"]
            for one in each.raw("cdrs")
            if place(one)[0] not in private and not one.get("home_charging_compensation")
        ]
        assert [one["total_energy"] for one in each.all(key, "cdrs")] == expected
        if each.version != "2.1.1":
            assert private

    def test_another_key_of_hashes_lets_nothing_out(self, one, tmp_path, monkeypatch):
        """Places hashed by a key that is not there could not be told apart, nor kept back."""
        key = one.view("elsewhere", modules={"sessions": ()})
        for file in ("none", "other"):
            monkeypatch.setenv("HOME", str(tmp_path / file))
            (tmp_path / file).mkdir()
            if file == "other":
                hasher_of(one.store.verbs.status().id)
            answer = one.ask(key, "sessions")
            assert (answer.status, answer.json()["status_code"]) == (503, 3000)

    def test_evse_id_only_narrows(self, one):
        """EVSEs outside of the view are refused by name, and add nothing."""
        first, second = [x for x in one.raw("locations") if len(evses_of(x)) > 1][:2]
        inside, outside = first["evses"][0]["evse_id"], second["evses"][0]["evse_id"]
        key = one.view(
            modules={"locations": ()}, selection=Selection(locations=(first["id"],)), exclude=()
        )
        answer = one.ask(key, f"locations?evse_id={inside},{outside}")
        (shown,) = answer.json()["data"]
        assert evses_of(shown) == [first["evses"][0]["uid"]]
        assert answer.headers["x-refused-evses"] == outside
        assert outside in answer.json()["status_message"]
        assert one.ask(key, f"locations?evse_id={outside}").json()["data"] == []

    def test_the_time_of_the_view(self, one):
        """Nothing older or newer than the view's cut-offs, whatever is asked for."""
        stamps = sorted(record["last_updated"] for record in one.raw("sessions"))
        since, until = stamps[5], stamps[20]
        key = one.view(
            modules={"sessions": ("last_updated",)}, since=since, until=until, exclude=()
        )
        expected = [stamp for stamp in stamps if parse(since) <= parse(stamp) < parse(until)]
        for query in ("", "?date_from=1970-01-01T00:00:00Z&date_to=2999-01-01"):
            shown = sorted(r["last_updated"] for r in one.all(key, f"sessions{query}"))
            assert shown == expected
        narrower = one.all(key, f"sessions?date_from={stamps[10]}")
        assert sorted(r["last_updated"] for r in narrower) == [
            s for s in expected if s >= stamps[10]
        ]


class TestPages:
    def test_links_and_totals(self, each):
        """Every page tells the total and the next; the pages make the whole, each record once."""
        key = each.view(modules={"sessions": ("kwh",)}, exclude=())
        first = each.ask(key, "sessions?limit=7&date_from=2000-01-01T00:00:00Z")
        assert first.headers["x-total-count"] == str(SESSIONS)
        assert first.headers["x-limit"] == "1000"
        assert 'rel="next"' in first.headers["link"]
        assert "offset=7" in first.headers["link"]
        assert "date_from=2000" in first.headers["link"]
        whole = each.all(key, "sessions?limit=7")
        assert [one["kwh"] for one in whole] == [one["kwh"] for one in each.raw("sessions")]
        last = each.ask(key, f"sessions?offset={SESSIONS - 1}")
        assert "link" not in last.headers
        assert len(last.json()["data"]) == 1

    def test_links_behind_a_proxy(self, standin, tmp_path):
        """Links begin with the address that the settings name: a key must not go elsewhere."""
        with world(standin, tmp_path / "s", "2.2.1", address="https://data.example/x/") as found:
            key = found.view(modules={"sessions": ()}, exclude=())
            link = found.ask(key, "sessions?limit=3").headers["link"]
            assert link.startswith("<https://data.example/x/share/sessions?offset=3&limit=3>;")

    def test_csv_by_suffix_parameter_or_header(self, one):
        """Three ways to the same table, with a header line and no passed value missing."""
        key = one.view(modules={"sessions": ("kwh",)}, exclude=())
        bodies = {
            one.ask(key, "sessions.csv").body,
            one.ask(key, "sessions?format=csv").body,
            one.ask(key, "sessions", Accept="text/csv, application/json;q=0.5").body,
        }
        (body,) = bodies
        rows = list(csv.DictReader(io.StringIO(body.decode())))
        assert [float(row["kwh"]) for row in rows] == [r["kwh"] for r in one.raw("sessions")]
        assert one.ask(key, "sessions.csv").headers["content-type"].startswith("text/csv")
        for path in ("sessions.json", "sessions?format=json", "sessions"):
            assert one.ask(key, path).headers["content-type"] == "application/json"
        assert one.ask(key, "sessions.xml").status == 406
        assert one.ask(key, "sessions", Accept="text/html").status == 406

    @pytest.mark.parametrize(
        "query", ["date_from=nonsense", "offset=-1", "limit=x", "offset=1e3", "date_to=2024-13-01"]
    )
    def test_what_cannot_be_read(self, one, query):
        """400, OCPI 2001, and no record."""
        answer = one.ask(one.view(modules={"sessions": ()}), f"sessions?{query}")
        assert (answer.status, answer.json()["status_code"]) == (400, 2001)

    def test_rate_limit(self, standin, tmp_path):
        """The third request within the minute waits; the answer says how long."""
        with world(standin, tmp_path / "s", "2.2.1", rate=2) as found:
            key, other = (found.view(name, modules={"tariffs": ()}) for name in ("a", "b"))
            assert [found.ask(key, "tariffs").status for _ in range(3)] == [200, 200, 429]
            answer = found.ask(key, "tariffs")
            assert 0 < int(answer.headers["retry-after"]) <= 31
            assert found.ask(other, "tariffs").status == 200


class TestLive:
    def test_as_the_platform_has_it_now(self, each):
        """The same records as from the store, without anything being kept."""
        modules = {"locations": (), "sessions": ("kwh",), "cdrs": ("total_energy",), "tariffs": ()}
        for name, source in (("stored", Source.STORE), ("live", Source.LIVE)):
            each.view(name, modules=modules, source=source)
        stored, live = (
            make_key(each.store.verbs, name, Role.READER, view=name)[1]
            for name in ("stored", "live")
        )
        for module in modules:
            assert each.all(live, f"{module}?limit=13") == each.all(stored, module)

    def test_the_total_tells_nothing_of_others(self, one):
        """Where something is selected, the platform's own count stays here."""
        uid = evses_of(one.raw("locations")[0])[0]
        key = one.view(
            modules={"sessions": ()}, source=Source.LIVE, selection=Selection(uids=(uid,))
        )
        assert "x-total-count" not in one.ask(key, "sessions").headers
        everything = one.view("open", modules={"sessions": ()}, source=Source.LIVE, exclude=())
        assert one.ask(everything, "sessions").headers["x-total-count"] == str(SESSIONS)

    def test_a_platform_that_fails(self, one):
        """What the platform said about it stays here too."""
        key = one.view(modules={"sessions": ()}, source=Source.LIVE, exclude=())
        one.standin.faults.add(parse_fault("status:status=403"))
        try:
            answer = one.ask(key, "sessions")
        finally:
            one.standin.faults.clear()
        assert answer.status == 502
        assert b"fault" not in answer.body
        assert answer.json()["status_code"] == 3000
        assert one.standin.token not in answer.body.decode()


class TestJournal:
    def test_every_answer_is_a_taking(self, one, capsys):
        """Who, when, through which view, how many; `tidegate audit` shows it."""
        key = one.view("journal", modules={"sessions": ()}, exclude=())
        one.ask(key, "sessions?limit=5")
        one.ask(key, "sessions.csv?limit=3")
        one.ask(key, "cdrs")
        held = [k for k in one.store.verbs.api_keys() if k.view == "journal"]
        mine = [t for t in takings(one.store.path) if t.view == "journal"]
        assert [(t.records, t.format, t.channel) for t in mine] == [
            (5, "json", "share"),
            (3, "csv", "share"),
        ]
        assert {t.actor for t in mine} == {f"key {held[0].id}"}
        assert run(["audit", "--takings", "--json", "--store", str(one.store.path)]) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        shown = [row for row in rows if row["view"] == "journal"]
        assert [row["records"] for row in shown] == [5, 3]
        assert shown[0]["subject"] == "sessions of ocpi"


class TestSeries:
    def test_sums_of_groups_over_rest(self, one):
        """A key for a view gets the sums of its groups, and neither parts nor single series."""
        group = GroupRule(size=3, by=("country",), interval="day")
        key = one.view("sums", connection="ocpi", group=group)
        start, end = "2000-01-01T00:00:00Z", "2040-01-01T00:00:00Z"
        query = f"from={start}&to={end}&interval=total"
        path = "timeseriescollections/data/sum"
        with closing(Caller(one.url, token=key)) as caller:
            day = f"{path}?attribute=country%7CNLD&from={start}&to={start[:8]}02T00:00:00Z"
            assert caller.get(day).status == 200
            series = one.store.verbs.find_series()[0]
            for refused in (
                f"{path}?attribute=country%7CNLD&{query}",
                f"{path}?name={series.name}&{query}",
                f"{path}?name=nothing&{query}",
                f"{path}?attribute=country&from={start}&to={end}",
                f"timeseries/{series.name}/data?from={start}&to={end}",
                f"timeseries/{series.name}/data?interval=total",
                f"timeseriescollections/data?name={series.name}",
            ):
                assert caller.get(refused).status == 403, refused
        assert [t.module for t in takings(one.store.path) if t.view == "sums"] == ["series"]

    def test_series_of_the_view_over_rest(self, one):
        """A view without groups shows its own series, and no other."""
        first, second = one.store.verbs.find_series()[:2]
        uid = first.origin.subject.rsplit("*", 1)[1]
        key = one.view("single", connection="ocpi", selection=Selection(uids=(uid,)))
        span = "from=2024-01-01T00:00:00Z&to=2024-01-02T00:00:00Z"
        with closing(Caller(one.url, token=key)) as caller:
            assert caller.get(f"timeseries/{first.name}/data?{span}").status == 200
            assert caller.get(f"timeseries/{second.name}/data?{span}").status == 403
