"""`DCSSession` gives what the App API has, in the shapes of the original."""

from __future__ import annotations

import inspect
import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from tests.platforms.dcs.conftest import Asked, Canned, Reply

from tidegate.dcs import DCSSession
from tidegate.model.errors import (
    BadValue,
    Forbidden,
    MalformedAnswer,
    Refused,
    UnknownName,
    UnknownToPlatform,
    UnknownZone,
)
from tidegate.platforms.dcs.spans import BadSpan
from tidegate.standins.dcs import running
from tidegate.standins.dcs.faults import parse_fault
from tidegate.standins.dcs.options import Choices, Options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.standins.dcs import Standin

MONTH: dict[str, Any] = {"start": date(2019, 1, 1), "end": date(2019, 2, 1)}


@pytest.fixture
def session(steady_standin: Standin) -> Iterator[DCSSession]:
    with DCSSession(steady_standin.base_app, "demo", "demo") as opened:
        yield opened


def test_interface_of_the_original():
    """Arguments, their order and their defaults are those of the original."""
    parameters = inspect.signature(DCSSession.get_readings).parameters

    assert [
        ("id", inspect.Parameter.empty),
        ("isVirtual", False),
        ("start", None),
        ("end", None),
        ("decimalPlaces", 15),
        ("calibrated", True),
        ("interpolated", True),
        ("useLocalTime", False),
        ("integrationPeriod", "halfhour"),
        ("source", "automatic"),
        ("iterator", False),
    ] == [(name, one.default) for name, one in list(parameters.items())[1:]]


class TestCatalogue:
    def test_one_meter(self, session: DCSSession):
        """One meter comes as the server describes it, with its registers."""
        meter = session.get_meters(405)

        assert meter["name"] == "Sample meter"
        assert [register["id"] for register in meter["registers"]] == [733]

    def test_all(self, session: DCSSession):
        """Without an id all meters and virtual meters come."""
        assert 405 in {meter["id"] for meter in session.get_meters()}
        assert 9 in {virtual["id"] for virtual in session.get_vms()}

    def test_unknown(self, session: DCSSession):
        """An unknown id of a meter is an error that names it."""
        with pytest.raises(Refused) as caught:
            session.get_meters(99)

        assert caught.value.subject == "meter 99"


class TestReadings:
    def test_list_and_iterator(self, session: DCSSession):
        """List and iterator hold the same readings, with aware times."""
        listed = session.get_readings(733, **MONTH)
        iterated = list(session.get_readings(733, **MONTH, iterator=True))

        assert len(listed) == 31 * 48
        assert listed == iterated
        assert datetime(2019, 1, 1, tzinfo=UTC) == listed[0]["startTime"]

    def test_table(self, session: DCSSession):
        """The table holds the same readings as the list."""
        names = ["startTime", "totalValue", "periodValue", "isGenerated", "isInterpolated"]
        listed = session.get_readings(733, **MONTH)
        table = session.get_readings_table(733, **MONTH)

        assert [{name: row[name] for name in names} for row in listed] == table.to_pylist()

    def test_virtual_meter(self, session: DCSSession):
        """A virtual meter's readings come by the same call."""
        readings = session.get_readings(9, True, date(2023, 3, 1), date(2023, 3, 2))

        assert len(readings) == 48
        assert {0} == {reading["totalValue"] for reading in readings}

    @pytest.mark.parametrize(
        ("period", "count"), [("hour", 48), ("day", 2), ("HALFHOUR", 96), ("week", 1)]
    )
    def test_periods(self, session: DCSSession, period: str, count: int):
        """Periods are asked for by name, in any case."""
        readings = session.get_readings(
            733, start=date(2019, 1, 7), end=date(2019, 1, 9), integrationPeriod=period
        )

        assert count == len(readings)

    def test_local_time(self, session: DCSSession):
        """Local times keep their offset."""
        first = session.get_readings(
            733, start=date(2019, 7, 1), end=date(2019, 7, 2), useLocalTime=True
        )[0]["startTime"]

        assert timedelta(hours=1) == first.utcoffset()
        assert first.hour == 0

    @pytest.mark.parametrize("iterator", [False, True])
    def test_time_without_zone(self, canned: Canned, iterator: bool):
        """A time without zone is UTC, or of the server's zone when local time was asked for."""
        canned.answer("/api/registerReadings", [{"startTime": "2019-07-01T00:00:00"}])
        with DCSSession(canned.url, zone="Europe/Paris") as session:
            utc, local = (
                list(
                    session.get_readings(
                        1, start="2019-07-01", useLocalTime=is_local, iterator=iterator
                    )
                )
                for is_local in (False, True)
            )

        assert utc[0]["startTime"].tzinfo == UTC
        assert ZoneInfo("Europe/Paris") == local[0]["startTime"].tzinfo

    @pytest.mark.parametrize("iterator", [False, True])
    def test_texts_of_nan(self, canned: Canned, iterator: bool):
        """The texts of NaN and infinity become floats, other texts and kinds of number stay."""
        row = {
            "startTime": "2019-07-01T00:00:00Z",
            "totalValue": "NaN",
            "periodValue": "-Infinity",
            "note": "NaN",
            "duration": 30,
        }
        canned.answer("/api/registerReadings", [row, {**row, "totalValue": None}])
        with DCSSession(canned.url) as session:
            first, second = session.get_readings(1, start="2019-07-01", iterator=iterator)

        assert first["totalValue"] != first["totalValue"]
        assert float("-inf") == first["periodValue"]
        assert ("NaN", 30, int) == (first["note"], first["duration"], type(first["duration"]))
        assert second["totalValue"] is None

    @pytest.mark.parametrize("encoding", ["plain", "deflate"])
    def test_encodings(self, dcs_standin: Standin, encoding: str):
        """List and iterator work for every encoding that the server may choose."""
        dcs_standin.faults.add(parse_fault(f"{encoding}:path=Readings"))
        with DCSSession(dcs_standin.base_app, "demo", "demo") as session:
            assert len(session.get_readings(733, **MONTH)) == 1488
            assert len(list(session.get_readings(733, **MONTH, iterator=True))) == 1488

    @pytest.mark.parametrize("fault", ["truncate:bytes=5000", "malformed", "html"])
    @pytest.mark.parametrize("iterator", [False, True])
    def test_malformed(self, dcs_standin: Standin, fault: str, iterator: bool):
        """A truncated or malformed answer is an error and never a shorter list."""
        kind, _, settings = fault.partition(":")
        dcs_standin.faults.add(parse_fault(f"{kind}:path=Readings,{settings}"))
        with (
            DCSSession(dcs_standin.base_app, "demo", "demo") as session,
            pytest.raises(MalformedAnswer),
        ):
            list(session.get_readings(733, **MONTH, iterator=iterator))


class TestWithoutStart:
    def test_the_server_chooses(self, session: DCSSession, steady_standin: Standin):
        """Without a start none is sent, and the server chooses."""
        readings = session.get_readings(733)

        assert "start" not in steady_standin.log[-1].query
        assert datetime.now(UTC).date() == readings[0]["startTime"].date()

    def test_a_server_that_wants_one(self):
        """A server that answers 400 to that is asked once more, with today in UTC."""
        with (
            running(Options(choices=Choices(start="required"))) as standin,
            DCSSession(standin.base_app, "demo", "demo") as session,
        ):
            session.get_readings(733)
            queries = [entry.query for entry in standin.log if "Readings" in entry.path]

        assert len(queries) == 2
        assert f"start={datetime.now(UTC).date()}" in queries[1]

    def test_today_of_the_server(self, canned: Canned):
        """With local time, today is that of the connection's zone."""

        def wants_start(asked: Asked) -> Reply:
            return Reply(b"[]") if "start" in asked.query else Reply(b'{"details":"no"}', 400)

        canned.replies["/api/registerReadings"] = wants_start
        with DCSSession(canned.url, zone="Pacific/Kiritimati") as session:
            session.get_readings(1, useLocalTime=True)

        today = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
        assert today.isoformat() == canned.asked[-1].query["start"]


class TestIds:
    @pytest.mark.parametrize(
        ("id", "said"),
        [
            (405, "405 is the id of meter 'Sample meter', not of a register"),
            (130, "130 is the address of register 733 of meter 'Sample meter'"),
        ],
    )
    def test_id_of_something_else(self, session: DCSSession, id: int, said: str):
        """The id of a meter, or an address, is told for what it is, with the registers meant."""
        with pytest.raises(UnknownToPlatform, match=said) as caught:
            session.get_readings(id, **MONTH)

        assert "733 'Active Energy (import)'" in (caught.value.hint or "")
        assert (f"register {id}", 400) == (caught.value.subject, caught.value.status)
        assert f"no register with the id {id}" in (caught.value.details or "")

    def test_id_of_nothing(self, session: DCSSession):
        """An id of nothing is an error that says where ids are listed."""
        with pytest.raises(UnknownToPlatform, match="no register 99999") as caught:
            session.get_readings(99999, **MONTH)
        with pytest.raises(UnknownToPlatform, match="no virtual meter 99999"):
            session.get_readings(99999, True, **MONTH)

        assert "get_meters()" in (caught.value.hint or "")

    def test_known_id(self, session: DCSSession):
        """A refusal for another reason stays what it is."""
        with pytest.raises(Refused) as caught:
            session.get_readings(733, start="soon")

        assert Refused is type(caught.value)

    def test_forbidden(self, canned: Canned):
        """A register that the account may not see is forbidden."""
        canned.answer("/api/registerReadings", {"details": "no"}, status=403)
        with DCSSession(canned.url) as session, pytest.raises(Forbidden) as caught:
            session.get_readings(1, **MONTH)

        assert caught.value.subject == "register 1"


class TestBadArguments:
    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            ({"id": "R501"}, BadValue),
            ({"id": 1, "decimalPlaces": 16}, BadValue),
            ({"id": 1, "source": "guessed"}, UnknownName),
            ({"id": 1, "integrationPeriod": "year"}, UnknownName),
        ],
    )
    def test_refused_at_once(self, canned: Canned, arguments: dict[str, Any], error: type):
        """A bad argument is refused by name before anything is sent."""
        with DCSSession(canned.url) as session, pytest.raises(error):
            session.get_readings(**arguments)

        assert canned.asked == []

    def test_unknown_zone(self, canned: Canned):
        """A zone that does not exist is refused at once."""
        with pytest.raises(UnknownZone):
            DCSSession(canned.url, zone="Europe/Londres")


class TestMegaReadings:
    def test_same_as_one_request(self, session: DCSSession):
        """Windows joined give what one request would: nothing lost, nothing twice."""
        span: dict[str, Any] = {"start": date(2019, 1, 1), "end": date(2021, 1, 1)}
        whole = session.get_readings(733, **span)
        window = timedelta(days=100)

        assert len(whole) == 731 * 48
        assert whole == session.get_mega_readings(733, maxwindow=window, **span)
        assert whole == list(
            session.get_mega_readings(733, maxwindow=window, iterator=True, **span)
        )

    def test_months(self, session: DCSSession):
        """Months are never split: ten years are 120."""
        months = session.get_mega_readings(
            733, start=date(2019, 1, 1), end=date(2026, 1, 1), integrationPeriod="month"
        )

        assert len(months) == 84
        assert len({month["startTime"] for month in months}) == 84

    def test_requests(self, canned: Canned):
        """Requests carry days, follow each other, and pass every option on."""
        canned.answer("/api/virtualMeterReadings", [])
        with DCSSession(canned.url) as session:
            session.get_mega_readings(
                7, True, start=date(2020, 1, 1), end=date(2010, 1, 1), decimalPlaces=2
            )
        queries = [asked.query for asked in canned.asked]

        assert len(queries) == 7
        assert queries[0]["start"] == "2010-01-01"
        assert queries[-1]["end"] == "2020-01-01"
        assert [one["end"] for one in queries[:-1]] == [one["start"] for one in queries[1:]]
        assert {"2"} == {query["decimalPlaces"] for query in queries}

    def test_dates_and_times(self, session: DCSSession):
        """Dates and times go together, and half a day is not lost."""
        noon = datetime(2019, 1, 3, 13, tzinfo=timezone(timedelta(hours=1)))
        readings = session.get_mega_readings(733, start=date(2019, 1, 1), end=noon)

        assert len(readings) == 2 * 48 + 24

    def test_iterator_asks_when_needed(self, canned: Canned):
        """In iterator mode the first request goes out at once and the others on demand."""
        row = {"startTime": "2019-07-01T00:00:00Z"}
        canned.replies["/api/registerReadings"] = Reply(json.dumps([row]).encode())
        with DCSSession(canned.url) as session:
            iterator = session.get_mega_readings(
                1, start=date(2010, 1, 1), end=date(2012, 1, 1), iterator=True
            )
            assert len(canned.asked) == 1
            assert len(list(iterator)) == 2
        assert len(canned.asked) == 2

    def test_misaligned(self, session: DCSSession):
        """A span that holds no whole weeks is refused."""
        with pytest.raises(BadSpan):
            session.get_mega_readings(
                733, start=date(2019, 1, 1), end=date(2019, 3, 1), integrationPeriod="week"
            )
