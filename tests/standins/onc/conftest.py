"""Plain HTTP access to an ONC stand-in."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tidegate.standins.onc import Fault, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.standins.onc import Standin

PRODUCT = {
    "locationCode": "BACAX",
    "deviceCategoryCode": "CTD",
    "dataProductCode": "TSSD",
    "extension": "csv",
    "dateFrom": "2016-01-01",
    "dateTo": "2016-03-01",
    "dpo_qualityControl": "1",
    "dpo_resample": "none",
    "dpo_dataGaps": "0",
}


class Platform:
    """A stand-in as its clients see it."""

    def __init__(self, standin: Standin) -> None:
        self.standin = standin
        self.service = standin.service
        self.http = httpx2.Client(timeout=10)

    def fault(self, kind: str, **settings: Any) -> None:
        """Puts one fault in force and no other."""
        self.standin.faults.clear()
        self.standin.faults.add(Fault(kind, **settings))

    def ask(self, path: str, *, verb: str = "GET", **parameters: Any) -> httpx2.Response:
        """The answer of a service below `api/`; `headers` are no parameters."""
        headers = parameters.pop("headers", None)
        return self.http.request(
            verb,
            f"{self.standin.base_url}api/{path}",
            params={"token": self.standin.token, **parameters},
            headers=headers,
        )

    def rows(self, path: str, **parameters: Any) -> Any:
        """The document that a service answers."""
        answer = self.ask(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, path: str, **parameters: Any) -> tuple[int, int, str]:
        """Status, error code and parameter of a refusal."""
        answer = self.ask(path, **parameters)
        (error,) = answer.json()["errors"]
        assert error["errorMessage"]
        return answer.status_code, error["errorCode"], error["parameter"]

    def order(self, **changes: Any) -> int:
        """The id of a new order."""
        wanted = {**PRODUCT, **changes}
        parameters = {name: value for name, value in wanted.items() if value is not None}
        return int(self.rows("dataProductDelivery/request", **parameters)["dpRequestId"])

    def run(self, order: int) -> httpx2.Response:
        """The answer about the runs of an order."""
        return self.ask("dataProductDelivery/run", dpRequestId=order)

    def finished(self, **changes: Any) -> int:
        """The id of a run of a new order, which is over."""
        order = self.order(**changes)
        while (answer := self.run(order)).status_code == 202:
            pass
        return int(answer.json()[0]["dpRunId"])

    def file(self, run: int, index: int | str, **more: Any) -> httpx2.Response:
        """The answer to a request for a file of a run."""
        return self.ask("dataProductDelivery/download", dpRunId=run, index=index, **more)


@contextmanager
def opened(**options: Any) -> Iterator[Platform]:
    """A stand-in with a client of it."""
    with running(**options) as standin:
        platform = Platform(standin)
        with platform.http:
            yield platform


@pytest.fixture(scope="session")
def shared() -> Iterator[Platform]:
    """A stand-in for all tests that change nothing in it."""
    with opened() as platform:
        yield platform


@pytest.fixture
def start() -> Iterator[Callable[..., Platform]]:
    """Starts stand-ins of their own for one test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(opened(**options))


@pytest.fixture
def platform(start: Callable[..., Platform]) -> Platform:
    """A stand-in of its own for one test, whose runs take no time."""
    return start(pace=0.0)
