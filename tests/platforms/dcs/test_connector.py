"""The connector finds the API, gives the catalogue, and fetches readings of registers."""

from __future__ import annotations

import json
import threading
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.dcs.conftest import Asked, Canned, Reply

from tidegate.dcs import DcsWebApi
from tidegate.model.connector import Connector, Fetched, Task
from tidegate.model.coverage import CoverageState
from tidegate.model.errors import (
    BadValue,
    Forbidden,
    MalformedAnswer,
    NoCredentials,
    NotSignedIn,
    ServerFault,
    UnknownName,
    Unreachable,
)
from tidegate.model.instants import DAY, parse
from tidegate.model.secret import Secret
from tidegate.model.windows import Window
from tidegate.platforms.dcs import asking
from tidegate.platforms.dcs.asking import Question
from tidegate.platforms.dcs.connector import DcsConnector
from tidegate.platforms.dcs.settings import read_settings
from tidegate.platforms.registry import open_connector
from tidegate.standins.dcs import running
from tidegate.standins.dcs.faults import parse_fault
from tidegate.standins.dcs.options import Limits, Options
from tidegate.store.messages import ConnectionRecord

if TYPE_CHECKING:
    from tidegate.standins.dcs import Standin

MARCH = Window(parse("2023-03-01T00:00:00Z"), parse("2023-03-01T03:00:00Z"))
YEAR = Window(parse("2023-01-01"), parse("2024-01-01"))
APIS = pytest.mark.parametrize("api", ["web", "app"])


def connected(url: str, password: str | None = "demo", **settings: Any) -> DcsConnector:
    user = {} if password is None else {"user": "demo"}
    record = ConnectionRecord(name="campus", platform="dcs", url=url, settings=user | settings)
    return DcsConnector(record, None if password is None else Secret(password))


def to(standin: Standin, api: str, **settings: Any) -> DcsConnector:
    url = standin.base_web if api == "web" else standin.base_app
    return connected(url, api=api, **settings)


def values(fetched: Fetched, quantity: str) -> list[tuple[float | None, int]]:
    assert fetched.error is None
    return [(row["value"], row["flag"]) for row in fetched.readings[quantity].to_pylist()]


class TestGreeting:
    @pytest.mark.parametrize("path", ["", "/", "/DCS", "/DCS/", "/DCSWebApi"])
    def test_auto(self, steady_standin: Standin, path: str):
        """Left to itself it finds the Web API at, beside or below the address, and says so."""
        host = steady_standin.base_web.removesuffix("/DCSWebApi")
        with connected(host + path) as connector:
            greeting = connector.greet()

        assert {
            "api": "web",
            "root": steady_standin.base_web,
            "user": "demo",
            "role": "Administrator",
            "version": "4.3.0",
        } == greeting

    def test_auto_without_web_api(self):
        """Where there is no Web API it takes the App API."""
        with (
            running(Options(web_path="/elsewhere")) as standin,
            connected(standin.base_app) as connector,
        ):
            greeting = connector.greet()

        assert ("app", standin.base_app) == (greeting["api"], greeting["root"])

    def test_kept_greeting(self, steady_standin: Standin):
        """With what a greeting said kept as settings, the right address is asked at once."""
        host = steady_standin.base_web.removesuffix("/DCSWebApi")
        with connected(host) as connector:
            kept = connector.greet()
        before = len(steady_standin.log)
        with connected(host, **kept) as connector:
            connector.greet()

        assert steady_standin.log[before].path == "/DCSWebApi/authentication/signin"

    def test_anonymous(self, steady_standin: Standin):
        """Without user the public endpoint of the Web API is asked."""
        with connected(steady_standin.base_web, None) as connector:
            assert connector.greet()["api"] == "web"
            assert any(entry.subject == "R733" for entry in connector.discover())

    def test_wrong_password(self, dcs_standin: Standin):
        """A wrong password is refused once, not tried at every address or for every task."""
        with connected(dcs_standin.base_app, "wrong") as connector:
            for _ in range(3):
                with pytest.raises(NotSignedIn) as caught:
                    connector.fetch(Task("R733", MARCH))
        sign_ins = [entry for entry in dcs_standin.log if "signin" in entry.path.lower()]

        assert "password is incorrect" in (caught.value.details or "")
        assert len([entry for entry in sign_ins if entry.status == 401]) == 1

    def test_nobody_there(self):
        """A server that is not there is unreachable."""
        with connected("http://127.0.0.1:9") as connector, pytest.raises(Unreachable):
            connector.greet()

    def test_no_password(self):
        """A user without password is told how to give one."""
        record = ConnectionRecord(
            name="campus", platform="dcs", url="https://dcs.example.org", settings={"user": "demo"}
        )
        with pytest.raises(NoCredentials) as caught:
            DcsConnector(record, None)

        assert "TIDEGATE_PASSWORD" in (caught.value.hint or "")

    def test_signing_out(self, dcs_standin: Standin):
        """Leaving the connector signs out, once, however many requests were open at once."""
        with to(dcs_standin, "web", parallel=3) as connector:
            connector.fetch(Task("R733", MARCH))
        paths = [entry.path for entry in dcs_standin.log]

        assert paths[-1].endswith("/signout")
        assert sum(path.endswith("/signin") for path in paths) == 1

    def test_nothing_asked_before_it_is_needed(self, dcs_standin: Standin):
        """Opening a connection and planning with it asks the server nothing."""
        with to(dcs_standin, "web") as connector:
            assert connector.capabilities.lag == 3 * DAY

        assert dcs_standin.log == []


class TestDiscovery:
    @APIS
    def test_catalogue(self, steady_standin: Standin, api: str):
        """Both APIs give the same meters, registers and virtual meters, each once."""
        with to(steady_standin, api) as connector:
            found = list(connector.discover())
        names = [series.name for entry in found for series in entry.series]

        assert {"M405", "R733", "R123", "VM9"} <= {entry.subject for entry in found}
        assert len(found) == len({entry.subject for entry in found})
        assert len(names) == len(set(names))
        assert {"campus"} == {
            series.origin.connection for entry in found for series in entry.series if series.origin
        }

    def test_unknown_form(self, canned: Canned):
        """Meters of an unknown form are an error, not an empty catalogue."""
        canned.answer("/public/meters", [{"name": "no id"}])
        canned.answer("/public/virtualMeters", [])
        with connected(canned.url, None, api="web") as connector, pytest.raises(MalformedAnswer):
            list(connector.discover())


class TestFetch:
    @APIS
    def test_register(self, steady_standin: Standin, api: str):
        """The worked example comes out of both APIs: totals, period values, interpolated marks."""
        with to(steady_standin, api) as connector:
            fetched = connector.fetch(Task("R801", MARCH))

        assert CoverageState.DONE is fetched.state
        assert values(fetched, "period") == [
            (4.0, 9),
            (6.0, 9),
            (6.0, 22),
            (6.0, 22),
            (3.5, 9),
            (4.5, 9),
        ]
        assert [value for value, _ in values(fetched, "total")] == [
            6000.0,
            6004.0,
            6014.0,
            6024.0,
            6034.0,
            6037.5,
        ]

    @APIS
    def test_uncalibrated(self, steady_standin: Standin, api: str):
        """Calibration is a setting of the connection."""
        with to(steady_standin, api, calibrated=False) as connector:
            fetched = connector.fetch(Task("R801", MARCH))

        assert values(fetched, "total")[0] == (5000.0, 9)

    @APIS
    def test_not_interpolated(self, steady_standin: Standin, api: str):
        """Without interpolation no reading of a gap has a number."""
        with to(steady_standin, api, interpolated=False) as connector:
            fetched = connector.fetch(Task("R801", MARCH))
        by_time = {
            row["ts"]: row["value"]
            for row in fetched.readings["total"].to_pylist()
            if row["value"] is not None
        }

        assert len(by_time) == 4

    @APIS
    def test_virtual_meter(self, steady_standin: Standin, api: str):
        """The server's own values of a virtual meter can be fetched, to compare with."""
        with to(steady_standin, api) as connector:
            fetched = connector.fetch(Task("VM9", MARCH))

        assert len(values(fetched, "value")) == 6

    def test_both_apis_agree(self, steady_standin: Standin):
        """A year of a register is the same through both APIs, and from totals alone."""
        tables = []
        for api in ("web", "app"):
            with to(steady_standin, api) as connector:
                tables.append(connector.fetch(Task("R733", YEAR)).readings)

        assert tables[0]["period"].num_rows == 365 * 48
        assert tables[0]["total"] == tables[1]["total"]
        assert tables[0]["period"] == tables[1]["period"]

    @APIS
    def test_nothing_there(self, steady_standin: Standin, api: str):
        """A window without readings is empty."""
        before = Window(parse("1990-01-01"), parse("1990-01-02"))
        with to(steady_standin, api) as connector:
            fetched = connector.fetch(Task("R733", before))

        assert (fetched.state, fetched.error) == (CoverageState.EMPTY, None)

    @APIS
    def test_unknown_register(self, steady_standin: Standin, api: str):
        """A register that the server does not know is refused, in its words."""
        with to(steady_standin, api) as connector:
            fetched = connector.fetch(Task("R99999", YEAR))

        assert CoverageState.REFUSED is fetched.state
        assert "no register with the id 99999" in (getattr(fetched.error, "details", None) or "")

    @APIS
    @pytest.mark.parametrize(
        ("fault", "state", "error"),
        [
            ("status:status=500,path=readings", CoverageState.FAILED, ServerFault),
            ("status:status=403,path=readings", CoverageState.REFUSED, Forbidden),
            ("html:path=readings", CoverageState.FAILED, MalformedAnswer),
            ("malformed:path=readings", CoverageState.FAILED, MalformedAnswer),
            ("truncate:path=readings,bytes=700", CoverageState.FAILED, MalformedAnswer),
        ],
    )
    def test_failures(
        self, dcs_standin: Standin, api: str, fault: str, state: CoverageState, error: type
    ):
        """A failure is in the answer, with its class; it is never an empty window."""
        dcs_standin.faults.add(parse_fault(fault))
        with to(dcs_standin, api) as connector:
            fetched = connector.fetch(Task("R733", YEAR))

        assert state is fetched.state
        assert isinstance(fetched.error, error)
        assert fetched.readings == {}

    @APIS
    def test_nan(self, dcs_standin: Standin, api: str):
        """Values that the server calls NaN have no number and the flag Missing."""
        dcs_standin.faults.add(parse_fault("nan:path=readings"))
        with to(dcs_standin, api) as connector:
            fetched = connector.fetch(Task("R733", MARCH))
        flags = {flag for quantity in fetched.readings for _, flag in values(fetched, quantity)}

        assert {9, 19} == flags

    @APIS
    def test_expired_session(self, dcs_standin: Standin, api: str):
        """When the session has expired it signs in again, once, and goes on."""
        dcs_standin.faults.add(parse_fault("status:status=401,path=readings,times=1"))
        with to(dcs_standin, api) as connector:
            fetched = connector.fetch(Task("R733", MARCH))

        assert CoverageState.DONE is fetched.state

    def test_locked_out(self, dcs_standin: Standin):
        """When signing in again does not help, no further task can succeed."""
        dcs_standin.faults.add(parse_fault("status:status=401,path=readings"))
        with to(dcs_standin, "web") as connector, pytest.raises(NotSignedIn):
            connector.fetch(Task("R733", MARCH))

    def test_threads(self, dcs_standin: Standin):
        """Several threads fetch at once, as many as the connection allows."""
        dcs_standin.faults.add(parse_fault("slow:path=readings,seconds=0.05"))
        with to(dcs_standin, "web", parallel=2) as connector:
            connector.greet()
            threads = [
                threading.Thread(target=connector.fetch, args=(Task("R733", MARCH),))
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)

        assert max(entry.in_flight for entry in dcs_standin.log) == 2


class TestWindows:
    @pytest.mark.parametrize("api", ["web", "app"])
    def test_limit_of_the_server(self, api: str):
        """A window over the server's limit is asked for in shorter ones, and that is remembered."""
        limits = Limits(signed_in_days=31, app_days=31)
        with running(Options(limits=limits)) as standin, to(standin, api) as connector:
            first = connector.fetch(Task("R733", YEAR))
            asked = len(standin.log)
            second = connector.fetch(Task("R123", YEAR))
            refused = [entry for entry in standin.log[asked:] if entry.status == 400]

            assert connector.capabilities.max_window is not None
            assert connector.capabilities.max_window <= 31 * DAY
        assert 365 * 48 == first.readings["period"].num_rows == second.readings["period"].num_rows
        assert refused == []

    def test_setting(self, dcs_standin: Standin):
        """The longest window is a setting."""
        with to(dcs_standin, "web", max_window="90d") as connector:
            assert connector.capabilities.max_window == 90 * DAY
            connector.fetch(Task("R733", YEAR))

        assert sum("readings" in entry.path for entry in dcs_standin.log) == 5


class TestStandardOnly:
    """A server from before November 2022 knows no format `complete`."""

    @pytest.fixture
    def old(self, canned: Canned, steady_standin: Standin) -> Canned:
        def readings(asked: Asked) -> Reply:
            query = asked.query
            if query["format"] == "complete":
                return Reply(b'{"details":"unknown format"}', 400)
            with DcsWebApi(steady_standin.base_web) as client:
                answer = client.readings(
                    query["id"], query["startTime"], query["endTime"],
                    calibrated=query["calibrated"] == "true",
                )  # fmt: skip
            return Reply(json.dumps(answer, default=lambda moment: moment.isoformat()).encode())

        canned.replies["/public/readings"] = readings
        canned.answer("/public/meters", [])
        return canned

    def test_same_points(self, old: Canned, steady_standin: Standin):
        """Period values from totals are those that a newer server gives."""
        with connected(old.url, None, api="web") as connector:
            ours = connector.fetch(Task("R801", MARCH))
            again = connector.fetch(Task("R801", MARCH))
        with to(steady_standin, "web") as connector:
            theirs = connector.fetch(Task("R801", MARCH))

        assert theirs.readings["total"] == ours.readings["total"]
        assert theirs.readings["period"] == ours.readings["period"] == again.readings["period"]
        formats = [asked.query["format"] for asked in old.asked if "format" in asked.query]
        assert ["complete", *["standard"] * 4] == formats


class TestSettings:
    def test_unknown(self):
        """A setting that this platform does not have is refused, with the nearest name."""
        with pytest.raises(UnknownName) as caught:
            read_settings({"calibratd": True})

        assert "calibrated" in (caught.value.hint or "")

    @pytest.mark.parametrize(
        ("values", "error"),
        [
            ({"api": "soap"}, BadValue),
            ({"calibrated": "yes"}, BadValue),
            ({"max_window": "soon"}, UnknownName),
        ],
    )
    def test_bad_values(self, values: dict[str, Any], error: type):
        """A setting with a value that it cannot take is refused when the connection is opened."""
        with pytest.raises(error):
            read_settings(values)

    def test_defaults(self):
        """What is None is left to the default."""
        settings = read_settings({"max_window": None, "lag": None, "user": None})

        assert (
            settings.longest,
            settings.lateness,
            settings.requests_at_once,
        ) == (366 * DAY, 3 * DAY, 2)


class TestRegistry:
    def test_open(self, steady_standin: Standin):
        """A connection is opened by the name of its platform."""
        record = ConnectionRecord(name="campus", platform="dcs", url=steady_standin.base_web)
        connector: Connector = open_connector(record, None)
        with connector:
            assert connector.greet()["api"] == "web"

    def test_unknown_platform(self):
        """An unknown platform is refused by name."""
        record = ConnectionRecord(name="campus", platform="dsc", url="https://example.org")
        with pytest.raises(UnknownName) as caught:
            open_connector(record, None)

        assert "dcs" in (caught.value.hint or "")


class TestAsking:
    @APIS
    def test_meters(self, steady_standin: Standin, api: str):
        """Meters and virtual meters come the same by both APIs, all or by id."""
        with to(steady_standin, api) as connector:
            client = connector.client

            assert asking.meters(client, 405)["name"] == "Sample meter"
            assert 405 in {meter["id"] for meter in asking.meters(client)}
            assert asking.virtual_meters(client, 9)["name"] == "Sample Virtual Meter"

    def test_readings(self, steady_standin: Standin):
        """Readings have one form by both APIs."""
        question = Question(
            id=801,
            start=date.fromisoformat("2023-03-01"),
            end=date.fromisoformat("2023-03-02"),
            decimal_places=1,
        )
        answers = []
        for api in ("web", "app"):
            with to(steady_standin, api) as connector:
                answers.append(list(asking.readings(connector.client, question)))
        web, app = ([{**row, "id": 0} for row in rows] for rows in answers)

        assert web
        assert web == [row for row in app if not row["isGenerated"]]

    def test_window(self):
        """Without an end the window is what the server's own would be."""
        day = date.fromisoformat("2024-01-01")

        assert (day, date.fromisoformat("2024-01-02")) == asking.window(Question(id=1, start=day))
        assert (day, date.fromisoformat("2024-02-01")) == asking.window(
            Question(id=1, start=day, period="month")
        )

    @pytest.mark.parametrize("asked", [{"source": "manual"}, {"local_time": True}])
    def test_only_by_the_app_api(self, steady_standin: Standin, asked: dict[str, Any]):
        """What the Web API cannot do is said before anything is sent."""
        with to(steady_standin, "web") as connector, pytest.raises(BadValue, match=r"manual|local"):
            asking.readings(connector.client, Question(id=801, **asked))
