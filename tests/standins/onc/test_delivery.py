"""Product delivery of the ONC stand-in: orders, the run machine, files, and how runs end."""

from __future__ import annotations

import pytest
from tests.standins.onc.conftest import PRODUCT

from tidegate.standins.onc import Fault

REQUEST = "dataProductDelivery/request"


def test_an_order_tells_size_and_time(shared):
    """Texts with units, citations of the deployments, no messages."""
    got = shared.rows(REQUEST, **PRODUCT)
    assert isinstance(got["dpRequestId"], int)
    number, unit = got["estimatedFileSize"].split()
    assert (number.isdecimal(), unit) == (True, "KB")
    assert got["estimatedProcessingTime"] == "3 s"
    assert [one["doi"] for one in got["citations"]] == ["10.0000/sbectd16p7036.2014-05-12"]
    assert got["messages"] == []
    plot = {**PRODUCT, "dataProductCode": "TSSP", "extension": "png", "dpo_filePlotBreaks": "0"}
    del plot["dpo_dataGaps"]
    assert shared.rows(REQUEST, **plot)["estimatedProcessingTime"] == "2 min"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"dateFrom": None}, (400, 128, "dateFrom")),
        ({"dataProductCode": None}, (400, 128, "dataProductCode")),
        ({"deviceCategoryCode": None},
         (400, 128, "deviceCode,locationCode,deviceCategoryCode")),
        ({"dataProductCode": "AD", "extension": "mp3"},
         (400, 127, "dataProductCode,extension")),
        ({"extension": "mp4"}, (400, 127, "dataProductCode,extension")),
        ({"dpo_qualityControl": "7"}, (400, 127, "dpo_qualityControl")),
        ({"dpo_qualitycontrol": "1"}, (400, 127, "dpo_qualitycontrol")),
        ({"dpo_dataGaps": None, "dpo_resample": None}, (400, 128, "dpo_resample,dpo_dataGaps")),
        ({"dpo_resample": "average"}, (400, 128, "dpo_average")),
        ({"dpo_resample": "average", "dpo_average": "39"}, (400, 127, "dpo_average")),
        ({"dpo_average": "60"}, (400, 127, "dpo_average")),
        ({"extra": "1"}, (400, 129, "extra")),
        ({"dateFrom": "2016-04-01"}, (400, 23, "dateFrom,dateTo")),
        ({"dateFrom": "2999-04-01"}, (400, 25, "dateFrom")),
    ],
)  # fmt: skip
def test_wrong_orders_are_refused(shared, changes, refusal):
    """Sources, products, options and dates, each with its code and its names."""
    wanted = {**PRODUCT, **changes}
    given = {name: value for name, value in wanted.items() if value is not None}
    assert shared.error(REQUEST, **given) == refusal


@pytest.mark.parametrize(
    "changes",
    [
        {"dpo_resample": "average", "dpo_average": "60"},
        {"dpo_resample": "minMax", "dpo_minMax": "0"},
        {"begin": "2016-01-01", "end": "2016-02-01", "dateFrom": None, "dateTo": None},
        {"locationCode": None, "deviceCategoryCode": None, "deviceCode": "SBECTD16p7036"},
        {"propertyCode": "salinity"},
        {"deviceCategoryCode": None, "propertyCode": "salinity"},
    ],
)
def test_every_form_of_an_order_is_taken(shared, changes):
    """Suboptions, the older names of the dates, and each kind of source."""
    assert shared.order(**changes) >= 1000


def test_values_inside_a_range_are_allowed(shared):
    """A word that means the default, or a number between the bounds."""
    spectra = {
        "locationCode": "BACAX", "deviceCategoryCode": "HYDROPHONE", "dataProductCode": "HSD",
        "extension": "png", "dateFrom": "2020-01-01", "dateTo": "2020-01-02",
        "dpo_spectrogramConcatenation": "None", "dpo_hydrophoneDataDiversionMode": "OD",
    }  # fmt: skip
    for value in ("-1000", "-160", "12.5", "140"):
        assert shared.ask(REQUEST, **spectra, dpo_lowerColourLimit=value).status_code == 200
    for value in ("-161", "high"):
        refusal = shared.error(REQUEST, **spectra, dpo_lowerColourLimit=value)
        assert refusal == (400, 127, "dpo_lowerColourLimit")


def test_a_lax_server_fills_options_in(start):
    """Defaults with a message for each."""
    bare = {name: value for name, value in PRODUCT.items() if not name.startswith("dpo_")}
    got = start(strict_options=False).rows(REQUEST, **bare)
    assert [text.split()[0] for text in got["messages"]] == [
        "dpo_qualityControl", "dpo_resample", "dpo_dataGaps",
    ]  # fmt: skip


def test_a_run_is_queued_then_running_then_complete(start):
    """202 three times, 200 with two files; then the files, the end, and the metadata."""
    platform = start(pace=0.0, polls=3)
    order = platform.order()
    seen = [platform.run(order) for _ in range(5)]
    assert [(one.status_code, one.json()[0]["status"]) for one in seen] == [
        (202, "queued"), (202, "running"), (202, "running"), (200, "complete"), (200, "complete"),
    ]  # fmt: skip
    (row,) = seen[0].json()
    assert (row["fileCount"], row["queuePosition"]) == (0, 1)
    run = row["dpRunId"]
    assert seen[-1].json() == [{"dpRunId": run, "fileCount": 2, "status": "complete"}]
    answers = [platform.file(run, index) for index in (1, 2, 3, "meta")]
    assert [one.status_code for one in answers] == [200, 200, 404, 200]
    names = [one.headers["content-disposition"] for one in answers if one.status_code == 200]
    assert names[0] == (
        "attachment; filename=SBECTD16p7036_20160101T000000.000Z_20160131T000000.000Z-clean.csv"
    )
    assert names[2].endswith("_meta.xml")
    assert int(answers[0].headers["content-length"]) == len(answers[0].content)
    assert answers[0].text.splitlines()[2].startswith("time,Conductivity (S/m),")


def test_a_download_polls_as_well_as_a_run_does(start):
    """While a run is not complete its files answer 202 with a message that walks on."""
    platform = start(pace=0.0, polls=3)
    run = platform.run(platform.order()).json()[0]["dpRunId"]
    answers = [platform.file(run, 1) for _ in range(3)]
    assert [one.status_code for one in answers] == [202, 202, 200]
    said = answers[0].json()
    assert said["status"] == "running"
    assert said["message"].startswith("Transferring (SBECTD16p7036_20160101T000000.000Z")
    head = platform.file(run, 2, verb="HEAD")
    assert (head.status_code, head.content) == (200, b"")


def test_messages_follow_the_time_of_a_run(start):
    """Searching, generating, transferring: as time goes on."""
    platform = start(pace=0.3, polls=1)
    run = platform.run(platform.order()).json()[0]["dpRunId"]
    orders, now = platform.service.orders, platform.service.elapsed()
    order, one = orders.run(run, now)
    started = one.started
    told = [orders.message(order, one, started + share * one.seconds) for share in (0.1, 0.5, 0.9)]
    assert [text.split()[0] for text in told] == ["Searching", "Generating", "Transferring"]
    assert one.seconds == pytest.approx(0.9)
    orders.advance(started + 0.89)
    assert one.status == "running"
    orders.advance(started + 0.91)
    assert one.status == "complete"


def test_only_so_many_runs_go_on_at_once(start):
    """Those beyond the slots wait in their order; one that ends gives its place to the next."""
    platform = start(pace=1.0, polls=0, slots=2)
    rows = [platform.run(platform.order()).json()[0] for _ in range(4)]
    assert [row["status"] for row in rows] == ["running", "running", "queued", "queued"]
    assert [row.get("queuePosition") for row in rows] == [None, None, 1, 2]
    orders = platform.service.orders
    assert orders.active() == 4
    later = platform.service.elapsed() + 3.0
    states = [orders.run(row["dpRunId"], later)[1].status for row in rows]
    assert states == ["complete", "complete", "running", "running"]
    orders.advance(later + 3.0)
    assert orders.active() == 0
    assert platform.standin.log[-1].runs == 3


def test_another_token_has_a_queue_of_its_own(start):
    """The slots are per user."""
    platform = start(pace=1.0, polls=0, slots=1, any_token=True)
    mine = [platform.run(platform.order()).json()[0]["status"] for _ in range(2)]
    theirs = platform.run(platform.order(token="other")).json()[0]["status"]
    assert (mine, theirs) == (["running", "queued"], "running")


def test_status_cancel_and_restart(start):
    """OPEN, CANCELLED, COMPLETED; a cancelled run says so in a form of its own."""
    platform = start(pace=10.0)
    order = platform.order()
    ask = platform.ask

    def state():
        return platform.rows("dataProductDelivery/status", dpRequestId=order)

    assert state() == {"searchHdrStatus": "OPEN", "cartStatus": 1}
    run = platform.run(order).json()[0]["dpRunId"]
    cancelled = ask("dataProductDelivery/cancel", dpRequestId=order)
    assert cancelled.json() == [{"dpRunId": run, "status": "cancelled"}]
    assert state() == {"searchHdrStatus": "CANCELLED", "cartStatus": 0}
    answer = platform.file(run, 1)
    assert answer.status_code == 400
    assert set(answer.json()) == {"message", "status"}
    assert answer.json()["status"] == "cancelled"
    restarted = ask("dataProductDelivery/restart", dpRequestId=order).json()
    assert [row["dpRunId"] for row in restarted] == [run]
    platform.service.orders.run(run, 0.0)[1].seconds = 0.0
    while platform.run(order).status_code == 202:
        pass
    assert state()["searchHdrStatus"] == "COMPLETED"
    by_run = platform.rows("dataProductDelivery/status", dpRunId=run)
    assert by_run == {"searchHdrStatus": "COMPLETED", "cartStatus": 0}
    assert platform.file(run, 1).status_code == 200


def test_files_are_dropped_once_delivered_unless_told_otherwise(platform):
    """`deleteFile` is true by default; a HEAD drops nothing, nor does a body that was cut short."""
    run = platform.finished()
    platform.file(run, 1, verb="HEAD")
    assert platform.file(run, 1, deleteFile="false").status_code == 200
    platform.fault("truncate", bytes=10, times=1)
    platform.fault("short", bytes=10, times=1)
    with pytest.raises(Exception, match=r"peer closed|incomplete"):
        platform.file(run, 1)
    assert platform.file(run, 1).status_code == 200
    gone = platform.file(run, 1)
    assert gone.status_code == 410
    assert "message" in gone.json()
    assert platform.file(run, 2).status_code == 200


def test_files_are_gone_after_a_number_of_requests(start):
    """As a run that was left for weeks."""
    platform = start(pace=0.0, keep_polls=2)
    run = platform.finished()
    codes = [platform.file(run, index, deleteFile="false").status_code for index in (1, 2, 1)]
    assert codes == [200, 200, 410]


def test_a_product_of_the_archive_is_ordered_from_there(platform):
    """The other form of answer: the number of files, bytes, and times per line."""
    sound = {
        "locationCode": "BACAX", "deviceCategoryCode": "HYDROPHONE", "dataProductCode": "AD",
        "extension": "mp3", "dateFrom": "2020-01-02", "dateTo": "2020-01-02T00:10:00.000Z",
        "dpo_hydrophoneDataDiversionMode": "OD",
    }  # fmt: skip
    got = platform.rows(REQUEST, **sound)
    assert (got["numFiles"], got["fileSize"]) == (3, 3 * 24576)
    assert got["compressedFileSize"] < got["fileSize"]
    assert all(seconds > 0 for seconds in got["downloadTimes"].values())
    assert "estimatedFileSize" not in got
    while (answer := platform.run(got["dpRequestId"])).status_code == 202:
        pass
    first = platform.file(answer.json()[0]["dpRunId"], 1)
    name = "ICLISTENHF1354_20200101T235903.000Z.mp3"
    assert first.headers["content-disposition"] == f"attachment; filename={name}"
    assert first.content == platform.ask("archivefile/download", filename=name).content


@pytest.mark.parametrize(
    ("extension", "begin"),
    [("csv", b"# "), ("txt", b"# "), ("json", b"{"), ("mat", b"MATLAB 5.0"), ("nc", b"\x89HDF")],
)
def test_files_begin_as_their_format_does(platform, extension, begin):
    """Text is text; the others have the mark by which programs know them."""
    gaps = None if extension in {"json", "nc"} else "1"
    run = platform.finished(extension=extension, dpo_dataGaps=gaps, dateTo="2016-01-02")
    assert platform.file(run, 1).content.startswith(begin)


def test_the_number_of_files_can_be_chosen(start):
    """To try runs of many files on."""
    platform = start(pace=0.0, files=7)
    run = platform.finished()
    assert [platform.file(run, index).status_code for index in (1, 7, 8)] == [200, 200, 404]


def test_how_else_runs_end(platform):
    """Failed, cancelled by the server, without data, or several of them."""
    platform.standin.faults.add(Fault("run-error", times=1))
    failed = platform.finished()
    answer = platform.file(failed, 1)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "dpRunId"
    platform.standin.faults.add(Fault("run-cancelled", times=1))
    assert platform.file(platform.finished(), 1).json()["status"] == "cancelled"
    platform.standin.faults.add(Fault("no-data", times=1))
    empty = platform.finished()
    assert (platform.file(empty, 1).status_code, platform.file(empty, 1).content) == (204, b"")
    nothing = platform.finished(dateFrom="2010-01-01", dateTo="2010-02-01")
    assert platform.file(nothing, 1).status_code == 204
    platform.standin.faults.add(Fault("runs", items=3, times=1))
    rows = platform.run(platform.order()).json()
    assert len({row["dpRunId"] for row in rows}) == 3


def test_a_second_run_starts_nothing_new(platform):
    """It tells how the first one stands."""
    order = platform.order()
    first, second = platform.run(order).json(), platform.run(order).json()
    assert first[0]["dpRunId"] == second[0]["dpRunId"]
