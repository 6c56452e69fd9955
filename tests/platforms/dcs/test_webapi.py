"""`DcsWebApi` gives what the Web API has, in the shapes of the original."""

from __future__ import annotations

import gc
import inspect
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.dcs.conftest import Asked, Canned, Reply

from tidegate.dcs import DcsWebApi
from tidegate.model.errors import MalformedAnswer, UnknownName, UnknownToPlatform
from tidegate.platforms.dcs.spans import BadSpan
from tidegate.standins.dcs.faults import parse_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.standins.dcs import Standin

READING = {"status": 0, "timestamp": "2024-01-01T00:00:00Z", "value": 1}
SPAN = {"startTime": "2024-01-01T00:00:00Z", "endTime": "2024-01-01T01:00:00Z"}
MIDNIGHT = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def client(steady_standin: Standin) -> Iterator[DcsWebApi]:
    with DcsWebApi(steady_standin.base_web, "demo", "demo") as opened:
        yield opened


def test_interface_of_the_original():
    """Arguments, their order and their defaults are those of the original."""
    readings = inspect.signature(DcsWebApi.readings).parameters
    large = inspect.signature(DcsWebApi.largereadings).parameters

    assert [(name, one.default) for name, one in list(readings.items())[2:]] == [
        ("startTime", None),
        ("endTime", None),
        ("periodCount", None),
        ("calibrated", True),
        ("interpolated", True),
        ("periodType", "halfhour"),
        ("format", "standard"),
        ("iterator", False),
    ]
    assert timedelta(days=365) == large["maxwindow"].default


class TestCatalogue:
    @pytest.mark.parametrize("name", ["meters", "virtualmeters"])
    def test_list_and_iterator(self, client: DcsWebApi, name: str):
        """Meters and virtual meters come as a list or one by one."""
        call = getattr(client, name)

        assert call()
        assert call() == list(call(iterator=True))

    def test_status(self, client: DcsWebApi):
        """The status is the document that the server sends."""
        assert client.status()["username"] == "demo"


class TestReadings:
    def test_standard(self, client: DcsWebApi):
        """Half hours of a register come under their description, with aware times and floats."""
        answer = client.readings("R801", date(2023, 3, 1), periodCount=6, calibrated=False)

        assert answer["name"] == "Plant room: Import"
        assert datetime(2023, 3, 1, 3, tzinfo=UTC) == answer["endTime"]
        assert [reading["value"] for reading in answer["readings"]] == [
            5000.0,
            5004.0,
            5010.0,
            5016.0,
            5022.0,
            5025.5,
        ]
        assert [reading["status"] for reading in answer["readings"]] == [0, 0, 1, 1, 0, 0]

    def test_complete(self, client: DcsWebApi):
        """The format `complete`, in any case, gives totals and period values as floats."""
        answer = client.readings("R801", date(2023, 3, 1), periodCount=6, format="Complete")

        assert [reading["periodValue"] for reading in answer["readings"]] == [
            4.0,
            6.0,
            6.0,
            6.0,
            3.5,
            4.5,
        ]
        assert {float} == {type(reading["totalValue"]) for reading in answer["readings"]}

    @pytest.mark.parametrize("format", ["standard", "complete"])
    def test_iterator_and_table(self, client: DcsWebApi, format: str):
        """List, iterator and table hold the same readings and the same description."""
        span: dict[str, Any] = {
            "startTime": date(2023, 3, 1),
            "endTime": date(2023, 4, 1),
            "format": format,
        }
        listed = client.readings("R733", **span)
        iterated = client.readings("R733", **span, iterator=True)
        table = client.readings_table("R733", **span)

        assert listed["readings"] == list(iterated["readings"])
        assert listed["unit"] == iterated["unit"]
        columns = table.schema.names
        assert [
            {name: reading[name] for name in columns} for reading in listed["readings"]
        ] == table.to_pylist()
        assert listed["name"].encode() == table.schema.metadata[b"name"]

    def test_virtual_meter(self, client: DcsWebApi):
        """A virtual meter is asked by `VM` and its id."""
        answer = client.readings("VM9", date(2023, 3, 1), periodCount=2)

        assert answer["name"] == "Sample Virtual Meter"
        assert len(answer["readings"]) == 2

    @pytest.mark.parametrize("iterator", [False, True])
    @pytest.mark.parametrize("value", ["NaN", "-Infinity", None, 2])
    def test_values_of_every_kind(self, canned: Canned, value: Any, iterator: bool):
        """Texts of NaN and infinity and whole numbers become floats; null stays."""
        canned.answer("/", {**SPAN, "readings": [{**READING, "value": value}, READING]})
        with DcsWebApi(canned.url) as client:
            first, second = client.readings("R1", MIDNIGHT, periodCount=2, iterator=iterator)[
                "readings"
            ]

        assert second["value"] == 1.0
        assert str(None if value is None else float(value)) == str(first["value"])

    def test_properties_after_the_readings(self, dcs_standin: Standin):
        """Properties after the readings are kept: at once in a list, when read in an iterator."""
        dcs_standin.faults.add(parse_fault("readings-first:path=readings"))
        with DcsWebApi(dcs_standin.base_web, "demo", "demo") as client:
            listed = client.readings("R733", date(2023, 3, 1), periodCount=3)
            iterated = client.readings("R733", date(2023, 3, 1), periodCount=3, iterator=True)

            assert listed["readings"] == list(iterated["readings"])
        assert {*listed} == {*iterated}
        assert listed["endTime"] == iterated["endTime"]

    def test_description_of_any_kind(self, canned: Canned):
        """Properties that are objects or lists are kept as they are, in iterator mode too."""
        extra = {"quality": {"grade": [1, 2]}, "tags": ["a"]}
        canned.answer("/", {**SPAN, **extra, "readings": [READING]})
        with DcsWebApi(canned.url) as client:
            answer = client.readings("R1", MIDNIGHT, periodCount=1, iterator=True)

        assert extra == {name: answer[name] for name in extra}

    def test_no_times_in_the_description(self, canned: Canned):
        """A description without its span is no obstacle."""
        canned.answer("/", {"readings": [READING]})
        with DcsWebApi(canned.url) as client:
            assert len(client.readings("R1", MIDNIGHT, periodCount=1)["readings"]) == 1

    @pytest.mark.parametrize("iterator", [False, True])
    @pytest.mark.parametrize(
        "document",
        [
            [],
            {},
            {"readings": None},
            {"readings": [{"value": 1}]},
            {"readings": [{"timestamp": 1}]},
        ],
    )
    def test_malformed(self, canned: Canned, document: Any, iterator: bool):
        """An answer without readings, or with readings without time, is an error."""
        canned.answer("/", document)
        with DcsWebApi(canned.url) as client, pytest.raises(MalformedAnswer):
            list(client.readings("R1", MIDNIGHT, periodCount=1, iterator=iterator)["readings"])

    def test_unknown_id(self, client: DcsWebApi):
        """The id of a meter is told for what it is."""
        with pytest.raises(UnknownToPlatform, match="id of meter 'Sample meter'"):
            client.readings("R405", MIDNIGHT, periodCount=1)
        with pytest.raises(UnknownToPlatform, match="no virtual meter 77"):
            client.readings("VM77", MIDNIGHT, periodCount=1)

    def test_bad_arguments(self, canned: Canned):
        """Bad arguments are refused before anything is sent."""
        with DcsWebApi(canned.url) as client:
            with pytest.raises(TypeError):
                client.readings("R1")
            with pytest.raises(UnknownName):
                client.readings("R1", MIDNIGHT, periodCount=1, format="full")

        assert canned.asked == []

    def test_dropping_the_answer_needs_no_collector(self, client: DcsWebApi):
        """Dropping an answer frees the object at once, not when the collector comes."""
        gc.disable()
        try:
            client.readings("R733", date(2023, 1, 1), date(2024, 1, 1), iterator=True)

            assert client._turns._current is None
        finally:
            gc.enable()


class TestLargeReadings:
    def test_same_as_one_request(self, client: DcsWebApi):
        """Blocks joined give what one request would, under one description."""
        span: dict[str, Any] = {"startTime": date(2019, 1, 1), "endTime": date(2022, 1, 1)}
        whole = client.readings("R733", **span)
        joined = client.largereadings("R733", **span)
        iterated = client.largereadings("R733", **span, iterator=True)

        assert whole == joined
        assert whole["endTime"] == iterated["endTime"]
        assert whole["readings"] == list(iterated["readings"])

    def test_requests(self, canned: Canned):
        """Ten years take eleven requests; the count of periods is ignored, options pass."""
        canned.answer("/", {**SPAN, "readings": [READING]})
        with DcsWebApi(canned.url) as client:
            answer = client.largereadings(
                "R1", startTime=date(2020, 1, 1), endTime=date(2010, 1, 1),
                periodCount=5, calibrated=False,
            )  # fmt: skip
        queries = [asked.query for asked in canned.asked]

        assert (len(queries), len(answer["readings"])) == (11, 11)
        assert queries[0]["startTime"] == "2010-01-01T00:00:00Z"
        assert queries[-1]["endTime"] == "2020-01-01T00:00:00Z"
        assert {"false"} == {query["calibrated"] for query in queries}
        assert datetime(2020, 1, 1, tzinfo=UTC) == answer["endTime"]

    def test_months_in_a_large_window(self, canned: Canned):
        """Months never reach beyond the end that was asked for."""
        canned.answer("/", {**SPAN, "readings": []})
        with DcsWebApi(canned.url) as client:
            client.largereadings(
                "R1", startTime=date(2000, 1, 1), endTime=date(2020, 1, 1),
                maxwindow=timedelta(days=3650), periodType="month",
            )  # fmt: skip

        assert canned.asked[-1].query["endTime"] == "2020-01-01T00:00:00Z"

    def test_iterator_asks_when_needed(self, canned: Canned):
        """In iterator mode the first request goes out at once and the others on demand."""
        canned.answer("/", {**SPAN, "readings": [READING]})
        with DcsWebApi(canned.url) as client:
            answer = client.largereadings(
                "R1", startTime=date(2020, 1, 1), endTime=date(2022, 1, 1), iterator=True
            )
            assert len(canned.asked) == 1
            assert len(list(answer["readings"])) == 3
        assert len(canned.asked) == 3

    @pytest.mark.parametrize(
        "arguments",
        [
            {},
            {"startTime": date(2020, 1, 1)},
            {"startTime": date(2020, 1, 1), "endTime": date(2020, 1, 1)},
            {"startTime": date(2020, 1, 2), "endTime": date(2020, 2, 1), "periodType": "month"},
        ],
    )
    def test_bad_spans(self, canned: Canned, arguments: dict[str, Any]):
        """A missing end, an empty span or a misaligned one is a `TypeError`."""
        with DcsWebApi(canned.url) as client, pytest.raises(BadSpan) as caught:
            client.largereadings("R1", **arguments)

        assert isinstance(caught.value, TypeError)
        assert canned.asked == []


def test_failure_in_a_later_block(canned: Canned):
    """When a later block fails, the call fails: no part is taken for the whole."""

    def first_only(_: Asked) -> Reply:
        if len(canned.asked) > 1:
            return Reply(b'{"details":"gone"}', 400)
        return Reply(b'{"readings":[]}')

    canned.replies["/public/readings"] = first_only
    canned.answer("/public/meters", [{"id": 1, "registers": [{"id": 1}]}])
    with DcsWebApi(canned.url) as client, pytest.raises(Exception, match="gone"):
        client.largereadings("R1", startTime=date(2020, 1, 1), endTime=date(2022, 1, 1))
