"""The connector finds the API, gives the catalogue, and tells every failure of a server apart."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest
from tests.platforms.dcs.conftest import Asked, Reply
from tests.platforms.tsm.conftest import AT, connected

from tidegate.model.connector import Connector, Task
from tidegate.model.coverage import CoverageState
from tidegate.model.errors import (
    BadValue,
    Forbidden,
    InsecureAddress,
    MalformedAnswer,
    NoCredentials,
    NotSignedIn,
    ServerFault,
    UnknownName,
    UnknownToPlatform,
    Unreachable,
)
from tidegate.model.instants import DAY, HOUR, parse, to_text
from tidegate.model.windows import Window
from tidegate.platforms.registry import open_connector
from tidegate.platforms.tsm.access import roots
from tidegate.platforms.tsm.settings import read_settings
from tidegate.store.messages import ConnectionRecord

JUNE = Window(parse("2024-06-01"), parse("2024-07-01"))
TASK = Task("TS7", JUNE)
POINT = {"From": "2024-06-03T00:00:00Z", "Value": 1.5, "Flag": 9}
DATA = f"{AT}/timeseries/7/data"


def test_the_registry_knows_the_platform():
    """A connection of platform `tsm` opens as a connector, and nothing is asked yet."""
    record = ConnectionRecord(name="m", platform="tsm", url="http://127.0.0.1:1")
    with open_connector(record, None) as opened:
        connector: Connector = opened
        assert connector.capabilities.max_window == 366 * DAY


class TestSettings:
    def test_unknown(self):
        """A setting that there is not is named, with the one that may be meant."""
        with pytest.raises(UnknownName, match="repositry"):
            read_settings({"repositry": "main"})

    @pytest.mark.parametrize(("name", "value"), [("max_window", "0"), ("formulas", "maybe")])
    def test_bad(self, name, value):
        """A value that a setting cannot take is refused when the connection is opened."""
        with pytest.raises((BadValue, UnknownName)):
            read_settings({name: value})

    def test_no_lag(self):
        """A server whose data are never late is not asked again."""
        assert read_settings({"lag": "0"}).lateness == 0


class TestFinding:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("https://h/api", ["https://h/api"]),
            ("https://h/x/API/", ["https://h/x/API"]),
            ("https://h", ["https://h/api", "https://h"]),
            ("https://h/a/b/", ["https://h/a/b/api", "https://h/a/b"]),
        ],
    )
    def test_places(self, url, expected):
        """The API is looked for at the address that ends in /api, else below it first."""
        assert roots(url) == expected

    def test_greeting(self, canned, connector):
        """It tells where the API is and what the server calls itself."""
        canned.answer("/api", {"Name": "WebTSM", "Version": "3.11"})
        canned.answer("/api/attributetypes", [])
        canned.replies = dict(sorted(canned.replies.items(), reverse=True))

        assert connector.greet() == {
            "root": f"{canned.url}/api",
            "server": "WebTSM",
            "version": "3.11",
        }

    def test_a_server_that_says_nothing_of_itself(self, canned, connector):
        """A server without a page about itself is one all the same."""
        assert connector.greet() == {"root": f"{canned.url}/api"}

    def test_unknown_repository(self, canned):
        """A repository that the server lacks is named, with those that it has."""
        canned.answer("/api/attributetypes", [])
        canned.answer("/api/repositories/other", {"Message": "no"}, status=404)
        canned.answer("/api/repositories", [{"Name": "Main"}, {"Name": "Test"}])
        with (
            connected(canned.url, repository="other") as opened,
            pytest.raises(UnknownToPlatform, match="'other'") as caught,
        ):
            opened.greet()

        assert caught.value.hint is not None
        assert "Main, Test" in caught.value.hint

    def test_something_else(self, canned):
        """A web server that is no WebTSM service says so, after both places were tried."""
        canned.replies["/"] = Reply(b"<html>hello</html>", headers={"Content-Type": "text/html"})
        with connected(canned.url) as opened, pytest.raises(MalformedAnswer, match="web page"):
            opened.greet()
        assert canned.paths() == ["GET /api/attributetypes", "GET /attributetypes"]

    def test_nobody_there(self):
        """An address where nothing listens is unreachable."""
        with connected("http://127.0.0.1:9") as opened, pytest.raises(Unreachable):
            opened.greet()


class TestIdentity:
    def test_basic(self, canned, connector):
        """A user and a password travel as Basic."""
        with connected(canned.url, "s3cret", user="Max") as opened:
            opened.greet()

        scheme, _, packed = canned.asked[0].headers["Authorization"].partition(" ")
        assert (scheme, b64decode(packed)) == ("Basic", b"Max:s3cret")

    def test_token(self, canned, connector):
        """Without a user the secret travels as a bearer token."""
        with connected(canned.url, "k3y") as opened:
            opened.greet()

        assert canned.asked[0].headers["Authorization"] == "Bearer k3y"

    def test_no_password(self):
        """A user without a password is refused before anything is asked."""
        with pytest.raises(NoCredentials, match="Max"):
            connected("http://127.0.0.1:9", user="Max")

    def test_not_by_plain_http(self):
        """A secret does not travel to another machine by plain http."""
        with connected("http://meters.example", "k3y") as opened, pytest.raises(InsecureAddress):
            opened.greet()

    def test_a_wrong_password_is_tried_once(self, canned):
        """A server that does not accept the account is asked once, whatever else is wanted."""
        canned.answer("/api", {"Message": "wrong"}, status=401)
        with connected(canned.url, "no", user="Max") as opened:
            for _ in range(3):
                with pytest.raises(NotSignedIn):
                    opened.fetch(TASK)

        assert len(canned.asked) == 1


class TestCatalogue:
    def test_what_a_brief_listing_leaves_out_is_asked_for(self, canned, connector):
        """Definitions and attributes that the listing does not hold are fetched one by one."""
        canned.answer(f"{AT}/attributes", [{"ID": 3, "Name": "Owner", "Type": 2}])
        canned.answer(f"{AT}/timeseries/7/attributes", [{"AttributeID": 3, "Values": {}}])
        canned.answer(
            f"{AT}/timeseries/7", {"ID": 7, "Name": "a", "Interval": {"Value": 3}, "Unit": "kWh"}
        )
        canned.answer(f"{AT}/timeseries", [{"ID": 7, "Name": "a"}])
        entries = list(connector.discover())

        assert [entry.subject for entry in entries] == ["A3", "TS7"]
        assert entries[1].series[0].unit == "kWh"
        assert [one.attribute.name for one in entries[1].assignments] == ["Owner"]

    @pytest.mark.parametrize("first", [413, 206])
    def test_pages(self, canned, connector, first):
        """A server that does not list all series at once is read page by page."""
        known = [{"ID": n, "Name": f"s{n}", "Interval": {"Value": 3}, "Attributes": []}
                 for n in range(1, 1202)]  # fmt: skip

        def page(asked: Asked) -> Reply:
            wanted = asked.headers.get("Range")
            if wanted is None:
                return Reply(json.dumps(known[:10]).encode(), status=first)
            start, _, end = wanted.removeprefix("timeseries=").partition("-")
            part = known[int(start) : int(end) + 1]
            last = int(start) + len(part) - 1
            headers = {"Content-Range": f"timeseries {start}-{last}/{len(known)}"}
            return Reply(json.dumps(part).encode(), status=206, headers=headers)

        canned.answer(f"{AT}/attributes", [])
        canned.replies[f"{AT}/timeseries"] = page
        entries = list(connector.discover())

        assert [entry.series[0].id for entry in entries] == list(range(1, 1202))
        assert len([path for path in canned.paths() if path.endswith("timeseries")]) == 4

    @pytest.mark.parametrize(
        "listing",
        [
            {"not": "a list"},
            [{"Name": "without an id"}],
            [{"ID": 1, "Name": "a", "Interval": {"Value": 77}, "Attributes": []}],
            [{"ID": 1, "Name": "a", "Interval": 3, "Attributes": []}],
        ],
    )
    def test_malformed(self, canned, connector, listing):
        """A listing in another form is malformed; nothing is guessed."""
        canned.answer(f"{AT}/attributes", [])
        canned.answer(f"{AT}/timeseries", listing)

        with pytest.raises(MalformedAnswer):
            list(connector.discover())


class TestFetching:
    def test_done(self, canned, connector):
        """Readings come as columns of the quantity `value`."""
        canned.answer(
            DATA, {"Interval": {"Value": 4, "Multiplier": 1}, "Unit": "x", "Data": [POINT]}
        )
        fetched = connector.fetch(TASK)

        assert fetched.state is CoverageState.DONE
        assert fetched.readings["value"].to_pylist() == [
            {"ts": parse("2024-06-03"), "value": 1.5, "flag": 9}
        ]
        assert canned.asked[-1].query == {
            "from": "2024-06-01T00:00:00Z",
            "to": "2024-07-01T00:00:00Z",
        }

    def test_empty(self, canned, connector):
        """A window in which every raster point is missing is empty, which is no failure."""
        canned.answer(DATA, {"Data": [{**POINT, "Value": 0, "Flag": 19}]})

        assert connector.fetch(TASK).state is CoverageState.EMPTY

    @pytest.mark.parametrize(
        ("reply", "state", "error"),
        [
            (Reply(b'{"Message":"x"}', 404), CoverageState.REFUSED, UnknownToPlatform),
            (Reply(b'{"Message":"x"}', 403), CoverageState.REFUSED, Forbidden),
            (Reply(b'{"Message":"x"}', 500), CoverageState.FAILED, ServerFault),
            (Reply(b'{"Data":[{"From":"2024'), CoverageState.FAILED, MalformedAnswer),
            (Reply(b"{}"), CoverageState.FAILED, MalformedAnswer),
            (Reply(b'{"Data":[{"From":"x"}]}'), CoverageState.FAILED, MalformedAnswer),
            (Reply(b""), CoverageState.FAILED, MalformedAnswer),
            (
                Reply(b"<html>", headers={"Content-Type": "text/html"}),
                CoverageState.FAILED,
                MalformedAnswer,
            ),
        ],
        ids=["unknown", "forbidden", "fault", "cut", "other", "no time", "nothing", "page"],
    )
    def test_failures(self, canned, connector, reply, state, error):
        """Each failure is in the answer, with its own class and the server's words."""
        canned.replies[DATA] = reply
        fetched = connector.fetch(TASK)

        assert fetched.state is state
        assert type(fetched.error) is error

    def test_an_account_that_ends(self, canned, connector):
        """A refusal of the account ends the run instead of the task."""
        canned.answer(DATA, {"Message": "expired"}, status=401)

        with pytest.raises(NotSignedIn, match="expired"):
            connector.fetch(TASK)

    def test_a_server_that_gives_a_week_at_once(self, canned, connector):
        """Windows are shortened until the server takes them, and stay so for this series."""
        refused: list[str] = []

        def at_most_a_week(asked: Asked) -> Reply:
            start, end = parse(asked.query["from"]), parse(asked.query["to"])
            if end - start > 7 * DAY:
                refused.append(asked.query["from"])
                return Reply(b'{"Message":"too much"}', status=413)
            days = [{**POINT, "From": to_text(at)} for at in range(start, end, DAY)]
            return Reply(json.dumps({"Data": days}).encode())

        canned.replies[DATA] = at_most_a_week
        fetched = connector.fetch(TASK)
        connector.fetch(TASK)

        assert fetched.readings["value"]["ts"].to_pylist() == list(range(JUNE.start, JUNE.end, DAY))
        assert len(refused) == 2

    def test_an_hour_is_not_shortened(self, canned, connector):
        """A server that refuses even an hour is believed."""
        canned.answer(DATA, {"Message": "too much"}, status=413)
        fetched = connector.fetch(Task("TS7", Window(JUNE.start, JUNE.start + 5 * HOUR)))

        assert fetched.state is CoverageState.REFUSED
        assert len([path for path in canned.paths() if path.endswith("/data")]) < 5

    def test_as_known_earlier(self, canned, connector):
        """What a server knew at an instant is asked for by `audit`."""
        canned.answer(f"{DATA}/modifications", ["2024-06-05T00:00:00Z", "2024-06-04T00:00:00Z"])
        canned.answer(DATA, {"Data": [POINT]})
        instants = connector.modifications(7, JUNE)
        connector.readings(7, JUNE, audit=instants[0], exact=True)

        assert instants == [parse("2024-06-04"), parse("2024-06-05")]
        assert canned.asked[-1].query["audit"] == "2024-06-04T00:00:00Z"
        assert canned.asked[-1].query["exactAudit"] == "true"


class TestNames:
    def test_wildcards_in_names_are_escaped(self, canned, connector):
        """A name with wildcards finds itself only, and by its exact letters."""
        name = r"100%_a\b"
        found = [{"ID": 4, "Name": name.upper(), "Interval": {"Value": 3}},
                 {"ID": 5, "Name": name, "Interval": {"Value": 3}}]  # fmt: skip
        canned.answer(f"{AT}/timeseries", found)

        series = connector.client.series_named(name)

        assert series is not None
        assert series.id == 5
        assert canned.asked[-1].query == {"name": r"100\%\_a\\b"}

    def test_a_repository_of_any_name(self, canned):
        """The name of a repository may hold a slash and blanks."""
        canned.answer("/api/attributetypes", [])
        canned.answer("/api/repositories/a%20%2Fb/units", [])
        with connected(canned.url, repository="a /b") as opened:
            opened.greet()

        assert "GET /api/repositories/a%20%2Fb/units" in canned.paths()
