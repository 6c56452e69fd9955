"""The client against the stand-in: addresses, refusals, lists, pages and the archive."""

from __future__ import annotations

import logging
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from tests.platforms.onc.conftest import Kept, span

from tidegate.model.errors import (
    Forbidden,
    InsecureAddress,
    NoCredentials,
    NotSignedIn,
    Refused,
    UnknownToPlatform,
    Unreachable,
    UnsafeLink,
    UsageError,
)
from tidegate.model.secret import Secret
from tidegate.platforms.onc.archive import Listing
from tidegate.platforms.onc.client import OncClient
from tidegate.platforms.onc.decoding import without_nan
from tidegate.platforms.onc.discovery import distance, flattened
from tidegate.platforms.onc.files import name_of

if TYPE_CHECKING:
    from tests.platforms.onc.conftest import Asking

    from tidegate.model.products import ArchiveFile, ProductSource
    from tidegate.model.windows import Window
    from tidegate.platforms.onc.scalar import ScalarPage

CTD = {"locationCode": "BACAX", "deviceCategoryCode": "CTD"}
SOUND = {"locationCode": "BACAX", "deviceCategoryCode": "HYDROPHONE"}
MINUTE = span("2016-01-01T00:00:00Z", "2016-01-01T00:01:00Z")


def times(page: ScalarPage) -> list[str]:
    """The times of the first sensor of a page."""
    assert page.sensor_data
    assert page.sensor_data[0].data is not None
    return page.sensor_data[0].data.times()


class TestAddresses:
    """Both schemes, and the token."""

    def test_paths_come_first(self, asking: Asking):
        """A server that has paths is asked by paths; it is asked for that once."""
        client = asking.client()
        client.discovery.tree({})
        client.discovery.properties({})
        assert asking.paths == ["/api/deviceCategories", "/api/locations/tree", "/api/properties"]

    def test_an_old_server_is_asked_by_method(self, asking: Asking):
        """A server without paths gives the same answers in the old way."""
        asking.fault("status", query=r"^(?!.*method=)", status=404)
        old = asking.client()
        assert old.access.scheme == "legacy"
        asking.standin.log.clear()
        pages = old.measurements.samples({**CTD, "rowLimit": "25"}, MINUTE)
        assert [len(times(page)) for page in pages] == [25, 25, 10]
        assert old.discovery.tree({"locationCode": "BACAX"})[0]["children"]
        assert [file.name for file in old.archive(SOUND, MINUTE)]
        assert set(asking.paths) == {
            "/api/scalardata getByLocation",
            "/api/locations getTree",
            "/api/archivefiles getListByLocation",
        }
        with pytest.raises(UsageError, match="older kind"):
            old.discovery.availability(CTD)

    def test_a_scheme_that_is_known_is_not_asked_for(self, asking: Asking):
        """What the connection keeps saves a request."""
        asking.client(scheme="legacy").discovery.categories({})
        assert asking.paths == ["/api/deviceCategories get"]

    def test_an_address_with_api_is_the_same(self, asking: Asking):
        """Users paste the address with or without its end."""
        client = asking.client(url=f"{asking.standin.base_url}api/")
        assert len(client.discovery.categories({})) == 7

    def test_the_token_is_shown_nowhere(self, asking: Asking, caplog: pytest.LogCaptureFixture):
        """Logs and errors of a refused token do not have it; one answer is enough."""
        caplog.set_level(logging.DEBUG)
        client = asking.client(token="not-the-one-4711")
        for _ in range(2):
            with pytest.raises(NotSignedIn) as caught:
                client.discovery.locations({})
        assert "ONC_TOKEN" in (caught.value.hint or "")
        assert "4711" not in caplog.text + str(caught.value) + repr(caught.value.__dict__)
        assert len(asking.standin.log) == 1

    def test_the_token_goes_nowhere_in_clear(self):
        """Plain http to another machine is refused before anything is sent."""
        with pytest.raises(InsecureAddress, match="plain http"):
            OncClient("http://data.oceannetworks.example", Secret("abc"))
        with pytest.raises(NoCredentials):
            OncClient("", None)

    def test_the_production_server_is_asked_politely(self):
        """Five requests a second at most, four at once; this machine as fast as wanted."""
        client = OncClient("", Secret("abc"))
        limiter = client.access._http._limiter
        assert client.access.address == "https://data.oceannetworks.ca"
        assert (limiter._gap, limiter.in_flight) == (0.2, 4)
        client.close()

    def test_a_pause_that_is_asked_for_is_kept(self, asking: Asking):
        """After a 429 with `Retry-After: 3` nothing is sent for three seconds."""
        client = asking.client(scheme="path")
        asking.fault("throttle", times=1, retry_after="3")
        assert client.discovery.categories({})
        assert asking.clock.now >= 3


class TestDiscovery:
    """What there is."""

    def test_rows_have_real_booleans(self, asking: Asking):
        """Words are turned into booleans, children of the tree included."""
        client = asking.client()
        nodes = list(flattened(client.discovery.tree({})))
        assert all(row["hasDeviceData"] is True for row in client.discovery.locations({}))
        assert {type(node["hasPropertyData"]) for node in nodes} == {bool}
        places = {node["locationCode"]: (node["level"], node["parent"]) for node in nodes}
        assert places["ONC"] == (0, None)
        assert places["BACAX.V1"] == (3, "BACAX")

    def test_nothing_is_not_unknown(self, asking: Asking):
        """404 and the 127 of deployments mean none; a code that is not known is an error."""
        client = asking.client()
        nothing = {"locationCode": "BACAX", "deviceCategoryCode": "ICEPROFILER"}
        assert client.discovery.deployments(nothing) == []
        assert client.discovery.locations(nothing) == []
        assert client.discovery.devices(nothing) == []
        assert list(client.measurements.samples(nothing, MINUTE)) == []
        assert list(client.archive(nothing, MINUTE)) == []
        for ask in (client.discovery.deployments, client.discovery.locations):
            with pytest.raises(UnknownToPlatform, match="127") as caught:
                ask({"locationCode": "NOWHERE"})
            assert "case-sensitive" in (caught.value.hint or "")

    def test_old_servers_answer_with_an_empty_list(self, asking: Asking):
        """200 with `[]` means none too."""
        asking.standin.service.options = replace(asking.standin.service.options, empty_ok=True)
        client = asking.client()
        assert client.discovery.devices({**CTD, "dateTo": "2000-01-01"}) == []

    @pytest.mark.parametrize(
        ("code", "hint"),
        [(23, "swap"), (25, "before now"), (128, "options"), (129, "no such filter")],
    )
    def test_refusals_say_what_to_do(self, asking: Asking, code: int, hint: str):
        """Each error of the service is told in its words, with advice."""
        client = asking.client(scheme="path")
        asking.fault("error", status=400, code=code, text="dateFrom")
        with pytest.raises(Refused, match=rf"error {code}: .*dateFrom") as caught:
            client.discovery.deployments({})
        assert hint in (caught.value.hint or "")

    def test_distances(self):
        """A degree of latitude is 111.2 km; across the date line is not around the world."""
        assert distance((48.0, -125.0), (49.0, -125.0)) == pytest.approx(111.195, abs=0.01)
        assert distance((0.0, 179.9), (0.0, -179.9)) == pytest.approx(22.239, abs=0.01)


class TestPages:
    """Lists that come in pages."""

    def test_samples_come_once(self, asking: Asking):
        """60 samples of 25 a page: 25, 25, 10, and no instant twice."""
        pages = asking.client().measurements.samples({**CTD, "rowLimit": "25"}, MINUTE)
        parts = [times(page) for page in pages]
        assert [len(part) for part in parts] == [25, 25, 10]
        assert [part[0][17:] for part in parts] == ["00.000Z", "25.000Z", "50.000Z"]
        assert len({at for part in parts for at in part}) == 60

    def test_the_archive_is_read_to_its_end(self, asking: Asking):
        """Twelve files of five a page; what begins before the window and reaches into it counts."""
        hour = span("2012-01-02T00:00:00Z", "2012-01-02T00:55:00Z")
        client = asking.client()
        names = [
            file.name
            for file in client.archive({**SOUND, "extension": "wav", "rowLimit": "5"}, hour)
        ]
        assert len(names) == 12
        assert names[0] == "NAXYS_HYD_007_20120101T235903.000Z.wav"
        assert len([path for path in asking.paths if "archivefile" in path]) == 3

    def test_overlap(self, asking: Asking):
        """Files of five minutes from 23:59:03 on: three of them reach into ten minutes."""
        client = asking.client()
        wanted = {**SOUND, "dataProductCode": "AD", "extension": "wav"}
        files = list(client.archive(wanted, span("2012-01-02", "2012-01-02T00:10:00Z")))
        stamps = [file.name.partition("_2012")[2][:11] for file in files]
        assert stamps == ["0101T235903", "0102T000403", "0102T000903"]
        assert {file.size for file in files} == {98304}
        assert all(file.modified and file.window for file in files)

    def test_a_circle_ends(self, asking: Asking):
        """A page that leads to itself is an error, not an endless loop."""
        client = asking.client()
        asking.fault("self-next")
        hour = span("2012-01-02T00:00:00Z", "2012-01-02T01:00:00Z")
        with pytest.raises(UnsafeLink, match="circle"):
            list(client.archive({**SOUND, "rowLimit": "5"}, hour))
        assert len(asking.standin.log) < 5

    def test_pages_without_end_and_content_end(self, asking: Asking):
        """A list that leads on and on without anything in it is an error too."""
        client = asking.client()

        def nothing(*_: object) -> Listing:
            pages.append(len(pages))
            return Listing(files=[], next={"parameters": {"page": len(pages)}})

        pages: list[int] = []
        client.access.ask = nothing  # type: ignore[assignment,method-assign]
        with pytest.raises(UnsafeLink):
            list(client.archive(SOUND, MINUTE))
        assert len(pages) < 10

    def test_a_page_that_comes_twice(self, asking: Asking):
        """Files that were listed before are left out."""
        client = asking.client()
        hour = span("2012-01-02T00:00:00Z", "2012-01-02T01:00:00Z")
        asking.fault("repeat-page", times=1, query="page=2")
        names = [file.name for file in client.archive({**SOUND, "rowLimit": "5"}, hour)]
        assert len(names) == len(set(names)) > 5

    def test_restricted_data_are_no_empty_answer(self, asking: Asking):
        """A message that data are restricted is an error."""
        client = asking.client()
        asking.fault("restricted")
        with pytest.raises(Forbidden, match="restricted"):
            list(client.measurements.samples(CTD, MINUTE))

    def test_lines(self, asking: Asking):
        """Raw data come page by page too."""
        pages = list(asking.client().measurements.lines({**CTD, "rowLimit": "25"}, MINUTE))
        assert [len(page.data.times) for page in pages if page.data] == [25, 25, 10]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a":[1,NaN,2.5]}', b'{"a":[1,null,2.5]}'),
        (b'{"a":"NaN","b":[NaN]}', b'{"a":"NaN","b":[null]}'),
        (b'{"a":"x \\" NaN","b":NaN}', b'{"a":"x \\" NaN","b":null}'),
        (b'[-Infinity, Infinity, "-Infinity", -1, NaN]', b'[null, null, "-Infinity", -1, null]'),
        (b'{"Nitrate": -5, "I": "N"}', b'{"Nitrate": -5, "I": "N"}'),
        (b"[]", b"[]"),
    ],
)
def test_words_that_are_no_numbers_become_null(body: bytes, expected: bytes):
    """Outside of strings only, whatever quotes and escapes there are."""
    assert without_nan(body) == expected


class TestFiles:
    """Files of the archive into a sink."""

    def test_a_whole_file(self, asking: Asking):
        """Name, size and bytes; compression on the way is not asked for."""
        client, sink = asking.client(), Kept()
        (file,) = list(client.archive({**SOUND, "extension": "wav"}, span_of_file()))[:1]
        received = client.fetch(file.name, sink)
        assert received.size == len(sink.data) == file.size
        assert sink.begun == [(file.name, file.size, False)]
        assert asking.standin.log[-1].headers["accept-encoding"] == "identity"

    def test_a_file_that_breaks_off_is_not_whole(self, asking: Asking):
        """Fewer bytes than promised are an error."""
        client, sink = asking.client(), Kept()
        (file,) = list(client.archive({**SOUND, "extension": "wav"}, span_of_file()))[:1]
        asking.fault("short", path="download", bytes=40_000)
        with pytest.raises(Unreachable):
            client.fetch(file.name, sink)
        assert len(sink.data) < (file.size or 0)

    def cut(self, asking: Asking, client: OncClient, sink: Kept) -> ArchiveFile:
        """A file of which 1,000 bytes came."""
        (file,) = list(client.archive({**SOUND, "extension": "wav"}, span_of_file()))[:1]
        asking.fault("short", path="download", times=1, bytes=1000)
        with pytest.raises(Unreachable):
            client.fetch(file.name, sink)
        assert len(sink.data) == 1000
        return file

    def test_it_goes_on_where_the_server_can(self, asking: Asking):
        """A server that has shown that it heeds `Range` sends the rest alone."""
        asking.standin.service.options = replace(asking.standin.service.options, ranges=True)
        client, sink, whole = asking.client(), Kept(), Kept()
        file = self.cut(asking, client, sink)
        received = client.fetch(file.name, sink, offset=1000)
        assert asking.standin.log[-1].sent == received.size - 1000
        assert len(sink.begun) == 1
        client.fetch(file.name, whole)
        assert sink.data == whole.data

    def test_a_range_beyond_the_end_begins_anew(self, asking: Asking):
        """All bytes came but not their end: the file is fetched once more."""
        asking.standin.service.options = replace(asking.standin.service.options, ranges=True)
        client, sink = asking.client(), Kept()
        file = self.cut(asking, client, sink)
        received = client.fetch(file.name, sink, offset=file.size or 0)
        assert received.size == file.size == len(sink.data)

    def test_a_file_that_changed_meanwhile_begins_anew(self, asking: Asking):
        """Two versions are never put together."""
        asking.standin.service.options = replace(asking.standin.service.options, ranges=True)
        client, sink, whole = asking.client(), Kept(), Kept()
        file = self.cut(asking, client, sink)
        asking.standin.service.archive.reprocess(file.name, asking.standin.clock.now())
        client.fetch(file.name, sink, offset=1000)
        client.fetch(file.name, whole)
        asking.standin.service.archive.changes.clear()
        assert len(sink.begun) == 2
        assert sink.data == whole.data

    def test_without_ranges_it_begins_anew(self, asking: Asking):
        """A server that gives the whole file again makes the sink begin again."""
        client, sink = asking.client(), Kept()
        (file,) = list(client.archive({**SOUND, "extension": "wav"}, span_of_file()))[:1]
        client.fetch(file.name, sink, offset=1000)
        assert len(sink.data) == file.size

    def test_unknown(self, asking: Asking):
        """A name that the archive does not have."""
        with pytest.raises(UnknownToPlatform, match="96") as caught:
            asking.client().fetch("NAXYS_HYD_007_20120101T000000.000Z.nothing", Kept())
        assert "archive" in (caught.value.hint or "")

    @pytest.mark.parametrize(
        ("header", "name"),
        [
            ("attachment; filename=A_1.csv", "A_1.csv"),
            ('attachment; filename="A 2.csv"', "A 2.csv"),
            ("attachment; filename=../x", "../x"),
            ("", None),
        ],
    )
    def test_names(self, header: str, name: str | None):
        """Quoted or not; whoever keeps the file judges the name."""
        answer = SimpleNamespace(headers={"content-disposition": header})
        assert name_of(answer) == name  # type: ignore[arg-type]


def span_of_file() -> Window:
    """A minute within one file of sound."""
    return span("2012-01-01T12:00:00Z", "2012-01-01T12:01:00Z")


def test_the_client_is_a_source_of_products(asking: Asking):
    """Plans take it by their protocol: products with options, by what a source offers."""
    source: ProductSource = asking.client()
    found = source.products(CTD)
    assert {row["extension"] for row in found if row["dataProductCode"] == "TSSD"} >= {"csv", "nc"}
    assert found[0]["dataProductOptions"]
