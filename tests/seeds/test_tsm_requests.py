"""The first description of the time-series service, line by line, through HTTP."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from argon2 import PasswordHasher
from tests.seeds.tsm_page import ANSWER_BY_YEARS, ANSWER_OF_A_SUM, REQUESTS, Line, request
from tests.web.conftest import PASSWORD, Caller

from tidegate.model.identities import Role, User
from tidegate.web.application import create_application
from tidegate.web.limits import Limits
from tidegate.web.serving import listening, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.store.local import LocalStore

SPONTANEOUS = {"Type": 1, "Interval": {"Value": 0, "Multiplier": 1}, "Unit": "none"}
HOURLY_KW = {"Type": 2, "Interval": {"Value": 3, "Multiplier": 1}, "Unit": "kW"}


@pytest.fixture(scope="module")
def verifier() -> str:
    """A hash weak enough to be proven at once."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def max_(store: LocalStore, verifier: str) -> Iterator[Caller]:
    """The administrator of the page, on a service with an empty store."""
    store.put_user(User(name="Max", role=Role.ADMINISTRATOR, verifier=verifier))
    application = create_application(store, limits=Limits(body_time=0.5))
    with (
        running(application, listening("127.0.0.1", 0)) as url,
        closing(Caller(url)) as caller,
    ):
        yield caller


@pytest.fixture
def line(max_: Caller) -> Iterator[Line]:
    """A connection to the service."""
    parts = urlsplit(max_.url)
    with closing(Line((parts.hostname or "", parts.port or 0))) as opened:
        yield opened


@pytest.fixture(params=["origin", "absolute", "absolute-elsewhere"])
def base(request: pytest.FixtureRequest, max_: Caller) -> str:
    """What stands before the path in request lines: nothing, or an address as the page prints."""
    forms = {"origin": "", "absolute": max_.url, "absolute-elsewhere": "http://webtsm.hakom.at:80"}
    return forms[request.param]


def documentation(caller: Caller, *, yearly: bool = False) -> None:
    """The attribute 192 and the two series of the worked example."""
    caller.post("attributes", {"ID": 192, "Name": "Documentation_Attribute", "Type": 2})
    yearly_none = {"Interval": {"Value": 8, "Multiplier": 1}, "Unit": "none"}
    for name in ("Documentation_TS", "Documentation_TS_2"):
        caller.post("timeseries", {"Name": name} | (yearly_none if yearly else SPONTANEOUS))


def automated(caller: Caller) -> None:
    """Two kW series, 60 and 50 at 01:00, both with `Text1`, the first also with `true`."""
    for number, name, kind in (
        (1, "Automated_Test_Attribute", 2),
        (2, "Automated_Test_Attribute_2", 5),
    ):
        caller.post("attributes", {"ID": number, "Name": name, "Type": kind})
    for name, value, flagged in (("one", 60, True), ("two", 50, False)):
        given = [("1", "Text1"), ("2", flagged)]
        attributes = [
            {"AttributeID": int(number), "Values": {"2017-04-01T00:00:00Z": text}}
            for number, text in given
        ]
        caller.post("timeseries", {"Name": name, "Attributes": attributes} | HOURLY_KW)
        point = {"From": "2017-04-01T01:00:00Z", "Value": value, "Flag": 9}
        caller.post(f"timeseries/{name}/data", {"Data": [point]})


def assignments(caller: Caller, series: str) -> Any:
    return caller.get(f"timeseries/{series}/attributes").json()


def test_h1_attribute_types(max_):
    """The types are listed; 2 is text; an attribute must exist before it is assigned."""
    types = {one["ID"]: one["Name"] for one in max_.get("/api/attributetypes").json()}
    assert types[2] == "Text"
    max_.post("timeseries", {"Name": "a"})
    assert max_.post("timeseries/a/attributes", {"AttributeID": 192}).status == 404


def test_h2_create_attribute(max_, line, base):
    """The printed request creates the attribute, and the answer carries its number."""
    status, headers, body = line.ask(request("create attribute", base=base))
    made = json.loads(body)
    assert (status, made["Name"], made["Type"]) == (201, "Documentation_Attribute", 2)
    assert made["ID"] > 0
    assert headers["location"].endswith(f"/attributes/{made['ID']}")


def test_h3_the_numbers_of_the_page(max_):
    """Attributes 192 and 123 and the series 15 and 16 can be made under these numbers."""
    for number, name in ((192, "a"), (123, "b")):
        body = {"ID": number, "Name": name, "Type": 2}
        assert max_.post("attributes", body).json()["ID"] == number
    for number in (15, 16):
        assert max_.post("timeseries", {"ID": number, "Name": f"s{number}"}).json()["ID"] == number


def test_h4_the_absolute_form(max_, line, base):
    """Every printed request is found by its route, in origin form and in the absolute form."""
    for name in REQUESTS:
        status, headers, body = line.ask(request(name, base=base))
        assert status < 500
        if status == 404:
            assert json.loads(body)["Code"] in {"UnknownSeries", "UnknownAttribute"}
        assert headers.get("connection") != "close"


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("create attribute", 71),
        ("assign several values", 108),
        ("assign to the first", 174),
        ("write to the first", 333),
    ],
)
def test_h5_printed_lengths(max_, line, name, length):
    """A body shorter than its printed length ends in 408 or a closed line, and nobody waits."""
    documentation(max_)
    whole = request(name)
    body = whole.split(b"\r\n\r\n", 1)[1]
    wrong = whole.replace(b"Content-Length: %d" % len(body), b"Content-Length: %d" % length)
    try:
        status, _, _ = line.ask(wrong)
    except ConnectionError:
        status = 408
    assert status == 408
    assert line.is_closed()
    assert max_.get("attributes").status == 200


def test_h5_a_length_that_cuts_the_body(max_, line):
    """A body longer than its printed length is refused, not taken for two requests."""
    documentation(max_)
    whole = request("assign several values", newline="\r\n")
    body = whole.split(b"\r\n\r\n", 1)[1]
    assert len(body) == 113
    status, _, _ = line.ask(whole.replace(b"Content-Length: 113", b"Content-Length: 108"))
    assert status == 400
    assert assignments(max_, "Documentation_TS") == []


def test_h5_the_bulk_put_without_length(max_, line):
    """The bulk PUT as printed, without any length, has no body: refused, nothing is changed."""
    page = request("bulk assignment")
    head = page.split(b"\r\nContent-Length")[0]
    status, _, _ = line.ask(head + b"\r\n\r\n")
    assert status == 400


def test_h6_headers(max_, line):
    """User and password of the page are let in, with any Host; the line is kept open."""
    documentation(max_)
    for host in (b"webtsm.hakom.at", b"localhost:1", b"example.com"):
        sent = request("assign to the first").replace(b"webtsm.hakom.at", host)
        assert line.ask(sent)[0] == 200
    wrong = request("assign to the first").replace(b"TWF4Ok11c3Rlcm1hbm4xMjM=", b"TWF4Ong=")
    status, headers, _ = line.ask(wrong)
    assert (status, headers["www-authenticate"]) == (401, 'Basic realm="WebTSM"')


def test_h7_assign_several_values(max_, line, base):
    """An attribute gets two values, on a series named by its number or its name."""
    documentation(max_)
    values = {"2017-04-01T00:00:00Z": "Text1", "2017-04-02T00:00:00Z": "Text2"}
    for series in ("1", "Documentation_TS"):
        for newline in ("\n", "\r\n"):
            max_.post("timeseries/1/attributes", [])
            sent = request("assign several values", base=base, series=series, newline=newline)
            assert line.ask(sent)[0] == 200
            assert assignments(max_, "1") == [{"AttributeID": 192, "Values": values}]


def test_h8_values_hold_until_replaced(max_, line, store):
    """Null before the first instant, Text1 until the second, Text2 ever after."""
    documentation(max_)
    line.ask(request("assign several values"))
    (series,) = [one for one in store.find_series() if one.name == "Documentation_TS"]
    day = 86_400_000_000
    first = 17_257 * day
    values = [
        store.attribute_at(series.key, "Documentation_Attribute", instant)
        for instant in (0, first - 1, first, first + day - 1, first + day, 10**17)
    ]
    assert values == [None, None, "Text1", "Text1", "Text2", "Text2"]


def test_h9_an_array_overwrites(max_, line):
    """What was assigned before the array is gone."""
    documentation(max_)
    max_.post("attributes", {"ID": 7, "Name": "Other", "Type": 2})
    max_.post("timeseries/Documentation_TS/attributes", {"AttributeID": 7})
    line.ask(request("assign several values"))
    assert [one["AttributeID"] for one in assignments(max_, "Documentation_TS")] == [192]


def test_h10_an_object_is_added(max_, line):
    """Without the square brackets the attribute is added to those already assigned."""
    documentation(max_)
    max_.post("attributes", {"ID": 7, "Name": "Other", "Type": 2})
    max_.post("timeseries/Documentation_TS/attributes", {"AttributeID": 7})
    whole = request("assign several values")
    head, _, body = whole.partition(b"\r\n\r\n")
    alone = body.strip(b"[]\n")
    head = head.replace(b"Content-Length: 105", b"Content-Length: %d" % len(alone))
    assert line.ask(head + b"\r\n\r\n" + alone)[0] == 200
    assert [one["AttributeID"] for one in assignments(max_, "Documentation_TS")] == [7, 192]


def test_h11_put_changes_one(max_, line):
    """PUT changes the values of one assigned attribute."""
    documentation(max_)
    line.ask(request("assign several values"))
    given = {"AttributeID": 192, "Values": {"2018-01-01T00:00:00Z": "Text3"}}
    assert max_.put("timeseries/Documentation_TS/attributes", given).status == 200
    assert assignments(max_, "Documentation_TS") == [given]


def test_h12_vector_7_sum(max_, line, base):
    """The printed sum gives the printed answer: 110, flag 9, unit null."""
    automated(max_)
    status, headers, body = line.ask(request("sum", base=base))
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == json.loads(ANSWER_OF_A_SUM)
    assert b'"Value":110,' in body


def test_h13_the_attribute_is_decided_in_the_window(max_, line):
    """A series that gets the value only at the end of the window does not count."""
    automated(max_)
    late = {"AttributeID": 1, "Values": {"2017-04-01T02:00:00Z": "Text1"}}
    max_.put("timeseries/one/attributes", late)
    points = json.loads(line.ask(request("sum"))[2])["Data"]
    assert points == [{"From": "2017-04-01T01:00:00Z", "Value": 50, "Flag": 9}]


@pytest.mark.parametrize("flag", ['"TRUE"', '"true"', "TRUE", "true", "True"])
def test_h14_the_boolean_may_be_text(max_, line, flag):
    """TSAA takes its boolean as text and as a word, in any case."""
    automated(max_)
    sent = request("tsaa", replaced=('"TRUE","Automated_Test_Attribute|Test1"', flag + ',"T"'))
    sent = sent.replace(b'"T"', b'"Automated_Test_Attribute|Text1"')
    assert json.loads(line.ask(sent)[2]) == json.loads(ANSWER_OF_A_SUM)


def test_h15_h16_vector_8_tsaa(max_, line, base):
    """The printed calculation, with the value of the sum, has the answer of the sum."""
    automated(max_)
    status, _, body = line.ask(request("tsaa", base=base, replaced=("Test1", "Text1")))
    assert (status, json.loads(body)) == (200, json.loads(ANSWER_OF_A_SUM))
    as_printed = json.loads(line.ask(request("tsaa", base=base))[2])
    assert as_printed["Data"] == [{"From": "2017-04-01T01:00:00Z", "Value": 0, "Flag": 0}]


def test_h16_percent_encoded(max_, line):
    """Quotes and bars may also be escaped."""
    automated(max_)
    raw = request("tsaa", replaced=("Test1", "Text1"))
    escaped = raw.replace(b'"', b"%22").replace(b"|", b"%7C")
    assert line.ask(escaped)[2] == line.ask(raw)[2]


@pytest.mark.parametrize("data_first", [False, True])
def test_h17_to_h21_vector_2_worked_example(max_, line, base, data_first):
    """The worked example, its two steps in either order, gives 75 in 2000 and 3.7 in 2001."""
    documentation(max_)
    steps = [
        ("assign to the first", "assign to the second"),
        ("write to the first", "write to the second"),
    ]
    for step in reversed(steps) if data_first else steps:
        for name in step:
            assert line.ask(request(name, base=base))[0] == 200
    status, _, body = line.ask(request("sum by years", base=base))
    assert (status, json.loads(body)) == (200, json.loads(ANSWER_BY_YEARS))
    assert b'"Value":75,' in body
    assert b'"Value":3.7,' in body


def yearly_points(caller: Caller) -> None:
    for name, year, value in (("Documentation_TS", 2000, 71.3), ("Documentation_TS_2", 2000, 3.7)):
        for later in (0, 1):
            point = {"From": f"{year + later}-01-01T00:00:00Z", "Value": value, "Flag": 9}
            caller.post(f"timeseries/{name}/data", {"Data": [point]})


def years(caller: Caller, value: str, start: int = 2000, end: int = 2002) -> Any:
    window = f"from={start}-01-01T00:00:00Z&to={end}-01-01T00:00:00Z&interval=8"
    path = f"timeseriescollections/data/sum?{window}&attribute=Documentation_Attribute|{value}"
    answer = caller.get(path).json()
    return answer, [(point["Value"], point["Flag"]) for point in answer["Data"]]


def test_h20_vector_1(max_, line):
    """With yearly series that have both years the sum is the same."""
    documentation(max_, yearly=True)
    line.ask(request("assign to the first"))
    line.ask(request("assign to the second"))
    yearly_points(max_)
    assert years(max_, "AT123456")[0] == json.loads(ANSWER_BY_YEARS)


def test_vector_3(max_, line):
    """Yearly series with only the printed points lack the second year."""
    documentation(max_, yearly=True)
    for name in list(REQUESTS)[4:8]:
        line.ask(request(name))
    assert years(max_, "AT123456")[1] == [(75, 9), (0, 19)]


def test_vectors_4_and_5(max_, line):
    """The other supplier has what the first series has left; a year of nobody is 0 with flag 0."""
    documentation(max_, yearly=True)
    line.ask(request("assign to the first"))
    line.ask(request("assign to the second"))
    yearly_points(max_)
    assert years(max_, "AT99999")[1] == [(0, 0), (71.3, 9)]
    assert years(max_, "AT123456", 1999, 2000)[1] == [(0, 0)]


def test_h22_h23_vector_9(max_, line, base):
    """Several attributes must all hold; a name alone takes any value."""
    automated(max_)
    for name, value, text, boolean, since in (
        ("three", 5, "Text1", True, "2017-04-01T01:30:00Z"),
        ("four", 7, "Text2", True, "2017-04-01T00:00:00Z"),
    ):
        dated = [
            {"AttributeID": 1, "Values": {"2017-04-01T00:00:00Z": text}},
            {"AttributeID": 2, "Values": {since: boolean}},
        ]
        max_.post("timeseries", {"Name": name, "Attributes": dated} | HOURLY_KW)
        for hour in ("01", "02"):
            point = {"From": f"2017-04-01T{hour}:00:00Z", "Value": value, "Flag": 9}
            max_.post(f"timeseries/{name}/data", {"Data": [point]})
    for name, value in (("one", 60), ("two", 50)):
        point = {"From": "2017-04-01T02:00:00Z", "Value": value, "Flag": 9}
        max_.post(f"timeseries/{name}/data", {"Data": [point]})

    def sums(*filters: str) -> list[tuple[float, int]]:
        sent = request("sum by two attributes", base=base)
        printed = b"&attribute=Automated_Test_Attribute|Text1"
        printed += b"&attribute=Automated_Test_Attribute_2|true"
        asked = "".join(f"&attribute=Automated_Test_Attribute{one}" for one in filters).encode()
        sent = sent.replace(printed, asked).replace(b"to=2017-04-01T02", b"to=2017-04-01T03")
        points = json.loads(line.ask(sent)[2])["Data"]
        return [(point["Value"], point["Flag"]) for point in points]

    as_printed = json.loads(line.ask(request("sum by two attributes", base=base))[2])
    assert as_printed["Data"] == [{"From": "2017-04-01T01:00:00Z", "Value": 60, "Flag": 9}]
    assert sums("|Text1", "_2|true") == sums("_2|TRUE", "|text1") == [(60, 9), (65, 9)]
    assert sums("|Text1") == [(115, 9), (115, 9)]
    assert sums("_2") == [(117, 9), (122, 9)]


def test_h24_tsaa_with_two_filters(max_, line):
    """Further filters of TSAA are further arguments, and all must hold."""
    automated(max_)
    both = '"Automated_Test_Attribute|Text1","Automated_Test_Attribute_2|true"'
    sent = request("tsaa", replaced=('"Automated_Test_Attribute|Test1"', both))
    points = json.loads(line.ask(sent)[2])["Data"]
    assert points == [{"From": "2017-04-01T01:00:00Z", "Value": 60, "Flag": 9}]


def test_h25_h26_vectors_12_and_13_bulk(max_, line, base):
    """The bulk requests assign an attribute to two series and take it off again."""
    max_.post("attributes", {"ID": 123, "Name": "Bulk", "Type": 2})
    for number in (15, 16):
        max_.post("timeseries", {"ID": number, "Name": f"s{number}"})
    old = {"2017-01-01T00:00:00Z": "old"}
    max_.post("timeseries/15/attributes", {"AttributeID": 123, "Values": old})
    assert line.ask(request("bulk assignment", base=base))[::2] == (204, b"")
    new = {"2018-01-01T00:00:00Z": "attribute value"}
    assert assignments(max_, "15") == [{"AttributeID": 123, "Values": old | new}]
    assert assignments(max_, "16") == [{"AttributeID": 123, "Values": new}]
    for _ in range(2):
        assert line.ask(request("bulk removal", base=base))[::2] == (204, b"")
        assert assignments(max_, "15") == assignments(max_, "16") == []


def test_h27_a_second_repository(max_, line, base):
    """A second repository and its series are made over REST; the page's requests work there."""
    assert max_.post("/api/repositories", {"Name": "Second"}).status == 201
    there = Caller(max_.url, repository="Second")
    with closing(there):
        documentation(there)
    sent = request("assign to the first", base=base, repository="Second")
    assert line.ask(sent)[0] == 200
    assert max_.get("timeseries").json() == []
