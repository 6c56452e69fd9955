"""The client against the stand-in: paging, errors, headers; by the numbers of the vectors."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import msgspec
import pytest
from tests.platforms.ocpi.conftest import ids, query

from tidegate.model.errors import (
    Forbidden,
    MalformedAnswer,
    NoCredentials,
    NotSignedIn,
    Refused,
    ServerFault,
    Throttled,
    UnknownName,
    UnsafeLink,
)
from tidegate.model.instants import parse
from tidegate.platforms.ocpi.access import open_client
from tidegate.platforms.ocpi.settings import seconds

INSTANT = parse("2024-01-01T00:00:00Z")


class TestPaging:
    def test_13_5_1_pages_of_16(self, asking):
        """total 40, limit 16 → offsets 0, 16, 32; 40 records."""
        assert len(set(asking.ids(page_size=16))) == 40
        assert asking.offsets == ["0", "16", "32"]

    def test_13_5_2_the_server_shortens_pages(self, asking):
        """X-Limit 10, limit 100 → pages of 10 by links, 4 requests."""
        asking.fault("ignore-limit", items=10)
        assert len(set(asking.ids(page_size=100))) == 40
        assert asking.offsets == ["0", "10", "20", "30"]

    def test_13_5_3_d13_an_empty_page_with_next(self, asking):
        """Pages 1 and 3 are exported."""
        asking.fault("empty-page", query="offset=16")
        assert [len(ids([page])) for page in asking.pages(page_size=16)] == [16, 0, 8]

    def test_13_5_4_a_failure_once(self, asking):
        """500, then 200 → all records, one retry."""
        asking.fault("status", status=500, times=1, query="offset=16")
        assert len(set(asking.ids(page_size=16))) == 40
        assert asking.offsets == ["0", "16", "16", "32"]

    def test_13_5_4_a_failure_for_ever(self, asking):
        """The records before it come, then the error."""
        asking.fault("status", status=500, query="offset=16")
        with asking.client() as client:
            pages = client.pages("sessions", page_size=16)
            assert len(ids([next(pages)])) == 16
            with pytest.raises(ServerFault, match="500"):
                next(pages)

    def test_13_5_5_a_pause_that_is_asked_for(self, asking):
        """429 with `Retry-After: 2`: the same form of the token, after two seconds."""
        asking.fault("throttle", retry_after="2", times=1, query="offset=16")
        assert len(set(asking.ids(page_size=16))) == 40
        assert max(asking.clock.waits) >= 2
        assert asking.offsets == ["0", "16", "16", "32"]
        assert len({entry.headers["authorization"] for entry in asking.lists}) == 1

    def test_a_pause_of_no_named_length(self, asking):
        """429 without `Retry-After`: asked again after a pause of our own, by the same form."""
        asking.fault("throttle", times=2, query="offset=16")
        assert len(set(asking.ids(page_size=16))) == 40
        assert len([wait for wait in asking.clock.waits if wait > 0]) == 2
        assert asking.offsets == ["0", "16", "16", "16", "32"]
        assert len({entry.headers["authorization"] for entry in asking.lists}) == 1

    def test_13_5_6_an_error_with_http_200(self, asking):
        """The platform's words are in the error."""
        asking.fault("code", code=2001)
        with pytest.raises(Refused, match=r"OCPI status 2001: .+") as caught:
            asking.ids()
        assert caught.value.exit_code == 28

    @pytest.mark.parametrize("items", [1, 5, 20])
    def test_13_5_7_records_leave_the_listing(self, asking, items):
        """No record is lost, none comes twice, however many leave between two pages."""
        everything = asking.ids()
        for _ in range(items):
            asking.fault("vanish", item=1, times=1, query="offset=20")
        left = asking.ids(page_size=10)
        assert len(left) == len(set(left))
        gone = set(everything[1 : 1 + items])
        assert set(everything) - gone <= set(left)

    @pytest.mark.parametrize(
        ("kind", "settings"),
        [
            ("short-page", {"items": 7}),
            ("no-link", {}),
            ("bare-link", {}),
            ("empty-link", {}),
            ("relative-link", {}),
            ("unquoted-link", {}),
            ("foreign-link", {}),
            ("scheme-link", {}),
            ("placeholder-link", {}),
            ("undefined-link", {}),
            ("cursor-link", {}),
            ("slash", {}),
            ("no-total", {}),
            ("no-limit", {}),
            ("wrong-total", {"items": 25}),
            ("wrong-total", {"items": -25}),
            ("no-timestamp", {}),
            ("gzip", {}),
            ("drop", {"times": 1, "after": 1}),
        ],
    )
    def test_every_way_to_page_gives_each_record_once(self, asking, kind, settings):
        """Whatever a server does to its pages and links."""
        asking.fault(kind, path="sessions", **settings)
        found = asking.ids(page_size=16, date_from=parse("2020-01-01T00:00:00Z"))
        assert len(found) == 40
        assert len(set(found)) == 40
        assert all(
            query(entry).get("date_from") == "2020-01-01T00:00:00Z"
            or set(query(entry)) == {"cursor"}
            for entry in asking.lists
        )

    def test_a_link_to_itself_ends_with_an_error(self, asking):
        """After its page has come."""
        asking.fault("self-link")
        with asking.client() as client:
            pages = client.pages("sessions", page_size=16)
            assert len(ids([next(pages)])) == 16
            with pytest.raises(UnsafeLink, match="would never end"):
                next(pages)

    def test_the_same_page_again_ends_with_an_error(self, asking):
        """A server that does not heed the offset."""
        asking.fault("ignore-offset")
        asking.fault("no-link")
        with pytest.raises(UnsafeLink, match="same page twice"):
            asking.ids(page_size=16)

    def test_the_token_goes_to_no_other_host(self, asking):
        """Neither by links nor by redirects: all requests reach the platform."""
        asking.fault("foreign-link", text="127.0.0.1:1")
        assert len(asking.ids(page_size=16)) == 40
        assert len(asking.lists) == 3

    def test_one_page_tells_where_it_ends(self, asking):
        """Offset and size as asked; total, limit and next offset beside the records."""
        (page,) = asking.pages(offset=8, page_size=4, one_page=True)
        assert (page.offset, page.next_offset, page.total, page.limit) == (8, 12, 40, 1000)
        assert ids([page]) == asking.ids()[8:12]

    def test_pages_are_large_unless_told(self, asking):
        """1,000 records, or what the connection says."""
        asking.ids()
        asking.ids(settings={"page_size": 20})
        assert [query(entry)["limit"] for entry in asking.lists] == ["20", "20"]

    def test_stop_ends_at_a_page(self, asking):
        """It is asked before each."""
        left = [False, False, True]
        pages = asking.pages(page_size=4, stop=lambda: left.pop(0))
        assert len(pages) == 2
        assert len(asking.lists) == 2

    def test_the_next_page_is_asked_for_meanwhile(self, asking):
        """While the caller has the first page in hand."""
        with asking.client() as client:
            pages = client.pages("sessions", page_size=16)
            next(pages)
            until = time.monotonic() + 5
            while len(asking.lists) < 2 and time.monotonic() < until:
                threading.Event().wait(0.005)
            assert len(asking.lists) == 2

    def test_who_stops_reading_waits_for_nothing(self, asking):
        """A page that is on its way, and never comes, holds nobody up."""
        asking.fault("hang", query="offset=16")
        began = time.monotonic()
        with asking.client() as client:
            pages = client.pages("sessions", page_size=16)
            next(pages)
            pages.close()
        assert time.monotonic() - began < 5

    def test_throttle_spaces_the_requests(self, asking):
        """Least seconds between the starts, for retries too; the connection's own as well."""
        asking.fault("status", status=503, times=1, query="offset=16")
        asking.pages(page_size=16, throttle=2.0)
        assert asking.clock.now >= 6
        before = asking.clock.now
        asking.pages(page_size=20, settings={"throttle": 30.0})
        assert asking.clock.now - before >= 30


class TestWindows:
    def test_13_3_dates_are_sent_as_the_version_wants(self, asking):
        """Thousandths since 2.2.1; whole seconds, outwards, in 2.1.1."""
        start, end = INSTANT + 1, INSTANT + 1_000_001
        asking.pages(date_from=start, date_to=end)
        (entry,) = asking.lists
        assert query(entry)["date_from"] == "2024-01-01T00:00:00Z"
        assert query(entry)["date_to"] == "2024-01-01T00:00:01.001Z"
        asking.pages(version="2.1.1", date_from=start, date_to=end)
        (entry,) = asking.lists
        assert query(entry)["date_to"] == "2024-01-01T00:00:02Z"

    @pytest.mark.parametrize(
        "text",
        [
            "2024-01-01T00:00:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.0Z",
            "2024-01-01T00:00:00.000",
            "2024-01-01T00:00:00+00:00",
            "2024-01-01 00:00:00+00:00",
            "2024-01-01T01:00:00+01:00",
        ],
    )
    def test_13_3_every_spelling_of_the_platforms_clock(self, text):
        """All are one instant."""
        from tidegate.platforms.ocpi.access import clock_of
        from tidegate.platforms.ocpi.wire import Envelope

        assert clock_of(Envelope(timestamp=text), {}) == INSTANT

    def test_13_3_nine_digits_and_crooked_times(self):
        """A fraction is cut; what is no time falls back to the header, or to nothing."""
        from tidegate.platforms.ocpi.access import clock_of
        from tidegate.platforms.ocpi.wire import Envelope

        nine = Envelope(timestamp="2024-01-01T00:00:00.123456789Z")
        assert clock_of(nine, {}) == INSTANT + 123_456
        date = {"date": "Mon, 01 Jan 2024 00:00:00 GMT"}
        assert clock_of(Envelope(timestamp="2023-06-29T123456Z"), date) == INSTANT
        assert clock_of(Envelope(timestamp="nonsense"), {"date": "soon"}) is None

    def test_d17_sessions_always_have_a_beginning(self, asking):
        """The other modules do not."""
        asking.pages()
        assert query(asking.lists[0])["date_from"] == "1970-01-01T00:00:00Z"
        asking.pages("cdrs")
        assert "date_from" not in query(asking.lists[0])


class TestHeaders:
    def test_d16_the_platform_is_named_as_receiver(self, asking):
        """As its credentials say; own party as sender; none in 2.1.1."""
        asking.pages()
        headers = asking.lists[0].headers
        assert headers["ocpi-to-country-code"] + headers["ocpi-to-party-id"] == "NLTST"
        assert headers["ocpi-from-country-code"] + headers["ocpi-from-party-id"] == "NLABC"
        asking.pages(version="2.1.1")
        headers = asking.lists[0].headers
        assert "ocpi-to-party-id" not in headers
        assert headers["ocpi-from-party-id"] == "ABC"

    def test_requests_have_an_id_of_their_own(self, asking):
        """Retries too."""
        asking.fault("status", status=500, times=1, query="offset=16")
        asking.pages(page_size=16)
        names = [entry.headers["x-request-id"] for entry in asking.lists]
        assert len(set(names)) == 4
        assert all(entry.headers["x-correlation-id"] for entry in asking.lists)

    def test_d20_no_other_form_after_429(self, asking):
        """A pause that is too long ends the run; the other form is not tried."""
        asking.fault("throttle", retry_after="100000", path="sessions")
        with pytest.raises(Throttled) as caught:
            asking.ids()
        assert caught.value.exit_code == 23
        assert len(asking.lists) == 1

    def test_the_form_is_tried_once_and_remembered(self, asking):
        """A wrong form costs one request, not one a page."""
        asking.fault("status", status=401, token="plain")
        asking.ids(page_size=16, settings={"token_form": "plain"})
        assert asking.offsets == ["0", "0", "16", "32"]

    def test_a_refused_token_costs_two_requests(self, asking):
        """One a form; the first answer is the error."""
        asking.fault("status", status=403)
        with asking.client() as client, pytest.raises(Forbidden):
            list(client.pages("sessions"))
        assert len(asking.lists) == 2

    def test_no_second_form_after_a_success(self, asking):
        """401 in the middle is no question of form."""
        asking.fault("status", status=401, query="offset=16")
        with pytest.raises(NotSignedIn):
            asking.ids(page_size=16)
        assert asking.offsets == ["0", "16"]


class TestErrors:
    @pytest.mark.parametrize(
        ("code", "error"),
        [
            (2000, Refused),
            (2002, Refused),
            (3000, ServerFault),
            (4000, ServerFault),
            (4001, Refused),
        ],
    )
    def test_d14_every_status_but_success_is_an_error(self, asking, code, error):
        """With HTTP 200."""
        asking.fault("code", code=code)
        with pytest.raises(error, match=f"status {code}"):
            asking.ids()

    def test_2004_is_a_pause(self, asking):
        """A hub says it in place of 429."""
        asking.fault("code", code=2004, times=1)
        assert len(asking.ids()) == 40
        assert len(asking.lists) == 2
        assert asking.clock.waits

    @pytest.mark.parametrize("kind", ["html", "malformed", "truncate"])
    def test_an_answer_that_is_no_json(self, asking, kind):
        """Exit code 25, and nothing of the answer in the message."""
        asking.fault(kind)
        with pytest.raises(MalformedAnswer) as caught:
            asking.ids()
        assert "kwh" not in str(caught.value)

    def test_words_of_other_errors_are_not_repeated(self, asking):
        """The body of an error may hold what is personal; only OCPI's own message is told."""
        from tidegate.platforms.ocpi.access import explained
        from tidegate.transport.answers import Answer

        assert explained(Answer(500, {}, b"Traceback: uid 04A1B2C3")) is None
        assert explained(Answer(422, {}, b'{"detail":[{"input":"04A1B2C3"}]}')) is None
        assert explained(Answer(400, {}, b'{"status_message":"no"}')) == "no"

    def test_a_module_that_is_not_there(self, asking):
        """The known ones are named."""
        changed = asking.client(endpoints={"cdrs": "http://127.0.0.1:1/"})
        with changed as client, pytest.raises(UnknownName) as caught:
            list(client.pages("tokens"))
        assert caught.value.hint == "known: cdrs"

    def test_no_token(self):
        """The hint is the login."""
        connection = SimpleNamespace(name="x", platform="ocpi", url="http://h", settings={})
        with pytest.raises(NoCredentials) as caught:
            open_client(connection, None)
        assert "tidegate ocpi login http://h" in (caught.value.hint or "")

    def test_d15_null_records_do_not_end_the_listing(self, asking):
        """They are passed on; who reads the records counts them."""
        asking.fault("null-records")
        pages = asking.pages(page_size=16)
        rows = [row for page in pages for row in msgspec.json.decode(page.data)]
        assert len([row for row in rows if row is not None]) == 40
        assert None in rows


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
@pytest.mark.parametrize("module", ["sessions", "cdrs", "locations", "tariffs"])
def test_d18_every_version_gives_every_module(asking, version, module):
    """As many records as the platform counts."""
    pages = asking.pages(module, version=version, page_size=7)
    assert len(ids(pages)) == pages[0].total


@pytest.mark.parametrize(("text", "span"), [("2s", 2), ("500ms", 0.5), ("2", 2), ("1m", 60)])
def test_spans(text, span):
    """With unit, or seconds."""
    assert seconds(text) == span


def test_imports_are_light():
    """No database, no dataframe."""
    code = (
        "import sys, tidegate.platforms.ocpi.access, tidegate.services.connection_files;"
        "print([m for m in ('pyarrow', 'duckdb', 'numpy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
