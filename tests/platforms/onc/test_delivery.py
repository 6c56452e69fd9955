"""Products made to order: order, wait, files, and how runs may end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.onc.conftest import Kept, span

from tidegate.model.errors import Refused, ServerFault, UnknownToPlatform, Unreachable
from tidegate.model.products import META, NotYet, Outcome, Received, RunStatus
from tidegate.platforms.onc.delivery import seconds_of, size_of

if TYPE_CHECKING:
    from tests.platforms.onc.conftest import Asking

    from tidegate.model.products import ProductRun
    from tidegate.platforms.onc.client import OncClient

MONTH = span("2016-01-01", "2016-02-01")
TABLE = {
    "locationCode": "BACAX",
    "deviceCategoryCode": "CTD",
    "dataProductCode": "TSSD",
    "extension": "csv",
    "dpo_qualityControl": "1",
    "dpo_resample": "none",
    "dpo_dataGaps": "0",
}


def over(client: OncClient, order: int) -> list[ProductRun]:
    """The runs of an order once all are over, and how often was asked."""
    for _ in range(500):
        runs = client.run(order)
        if all(run.status.is_over for run in runs):
            return runs
    raise AssertionError(f"the runs of {order} do not end")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2 MB", 2_097_152),
        ("512 KB", 524_288),
        ("0 B", 0),
        ("1.5 GB", 1_610_612_736),
        ("1,024 B", 1024),
        ("unknown", None),
        (None, None),
    ],
)
def test_sizes(text: object, size: int | None):
    """Texts of sizes, with factors of 1024."""
    assert size_of(text) == size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20 s", 20),
        ("1.5 min", 90),
        ("2 h", 7200),
        ("2 hour", 7200),
        ("1 hour 30 min", 5400),
        ("soon", None),
        (None, None),
    ],
)
def test_times(text: object, seconds: float | None):
    """Texts of times; all units that were seen."""
    assert seconds_of(text) == seconds


class TestHappyPath:
    """A product that comes."""

    def test_order_run_files(self, asking: Asking):
        """Estimates, runs that wait and go on, each file, its end, and the metadata."""
        client = asking.client()
        order = client.order(TABLE, MONTH)
        assert order.size
        assert order.seconds
        assert order.citations[0].doi
        assert client.run(order.id)[0].status in {RunStatus.QUEUED, RunStatus.RUNNING}
        (run,) = over(client, order.id)
        assert run.status is RunStatus.COMPLETE
        assert run.files >= 1
        sinks = [Kept() for _ in range(run.files)]
        for index, sink in enumerate(sinks, start=1):
            received = client.receive(run.id, index, sink)
            assert isinstance(received, Received)
            assert received.size == len(sink.data) > 0
            assert received.name == sink.begun[0][0]
        assert client.receive(run.id, run.files + 1, Kept()) is Outcome.NO_MORE
        assert isinstance(client.receive(run.id, META, Kept()), Received)

    def test_a_file_can_be_had_again(self, asking: Asking):
        """The server is told to keep it: one that broke off is fetched once more."""
        client, sink = asking.client(), Kept()
        (run,) = over(client, client.order(TABLE, MONTH).id)
        asking.fault("short", path="download", times=1, bytes=10)
        with pytest.raises(Unreachable):
            client.receive(run.id, 1, sink)
        received = client.receive(run.id, 1, sink)
        assert isinstance(received, Received)
        assert received.size == len(sink.data)

    def test_not_ready_yet(self, asking: Asking):
        """Before the run is complete the server says what it does."""
        client = asking.client()
        (run,) = client.run(client.order(TABLE, MONTH).id)
        waiting = client.receive(run.id, 1, Kept())
        assert isinstance(waiting, NotYet)
        assert waiting.message

    def test_status(self, asking: Asking):
        """The state of an order in the server's words."""
        client = asking.client()
        order = client.order(TABLE, MONTH).id
        over(client, order)
        assert client.delivery.status(order)["searchHdrStatus"] == "COMPLETED"


class TestOtherEnds:
    """A product that does not come."""

    def run_with(self, asking: Asking, client: OncClient, kind: str, **settings: Any) -> int:
        """The number of a run that ended under a fault."""
        asking.fault(kind, **settings)
        runs = over(client, client.order(TABLE, MONTH).id)
        return runs[0].id

    def test_missing_options(self, asking: Asking):
        """A strict server names them."""
        bare = {name: text for name, text in TABLE.items() if not name.startswith("dpo_")}
        with pytest.raises(Refused, match=r"error 128.*dpo_qualityControl"):
            asking.client().order(bare, MONTH)

    def test_no_data(self, asking: Asking):
        """A run that found nothing is told from one that has no more."""
        client = asking.client()
        run = self.run_with(asking, client, "no-data")
        assert client.receive(run, 1, Kept()) is Outcome.NO_DATA

    def test_cancelled_and_restarted(self, asking: Asking):
        """A cancelled run is no crash, and keeps its number when it begins again."""
        client = asking.client()
        order = client.order(TABLE, MONTH).id
        (before,) = client.run(order)
        client.cancel(order)
        assert client.run(order)[0].status is RunStatus.CANCELLED
        assert client.receive(before.id, 1, Kept()) is Outcome.CANCELLED
        (after,) = client.restart(order)
        assert after.id == before.id
        assert over(client, order)[0].status is RunStatus.COMPLETE

    def test_failed(self, asking: Asking):
        """A run that failed says so; its files are an error."""
        client = asking.client()
        run = self.run_with(asking, client, "run-error")
        with pytest.raises(Refused):
            client.receive(run, 1, Kept())

    def test_several_runs(self, asking: Asking):
        """An order may have several runs."""
        client = asking.client()
        asking.fault("runs", items=2)
        runs = over(client, client.order(TABLE, MONTH).id)
        assert len({run.id for run in runs}) == 2

    def test_not_there_yet_or_no_more(self, asking: Asking):
        """410 of a run that has just ended means to wait, of an old one that it is gone."""
        client = asking.client()
        (run,) = over(client, client.order(TABLE, MONTH).id)
        asking.fault("gone", path="download")
        assert isinstance(client.receive(run.id, 1, Kept()), NotYet)
        asking.clock.now += 3600
        assert client.receive(run.id, 1, Kept()) is Outcome.GONE
        assert asking.client().receive(run.id, 1, Kept()) is Outcome.GONE

    def test_unknown(self, asking: Asking):
        """Orders that do not exist."""
        client = asking.client()
        for ask in (client.run, client.cancel, client.restart):
            with pytest.raises(UnknownToPlatform, match="127"):
                ask(999_999)

    def test_a_server_that_fails(self, asking: Asking):
        """Faults that come and go are tried again; one that stays is an error."""
        client = asking.client(scheme="path")
        for status in (503, 500):
            asking.fault("status", status=status, times=2)
        assert client.order(TABLE, MONTH).id
        asking.fault("status", status=500)
        with pytest.raises(ServerFault):
            client.order(TABLE, MONTH)
