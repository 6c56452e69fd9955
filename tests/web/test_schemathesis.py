"""Whatever fits, or does not fit, the description of the service: it never fails."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

if TYPE_CHECKING:
    from schemathesis.schemas import BaseSchema
    from tests.web.conftest import Caller

KNOWN = {"repository": "main", "series": "a", "attribute": "7", "unit": "kW"}
"""What is there, so that requests come further than to a 404."""

NO_HTTP = "Invalid HTTP request received."
"""What the server says of bytes that are no request, before the service sees them."""

relaxed = settings(
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def api(shared: Caller) -> BaseSchema:
    """The description that the service gives of itself, with a series and an attribute to find."""
    hourly = {"Value": 3, "Multiplier": 1}
    for method, path, body in (
        ("POST", "attributes", {"ID": 7, "Name": "Supplier", "Type": 2}),
        ("POST", "timeseries", {"Name": "a", "Unit": "kW", "Interval": hourly}),
        ("POST", "timeseries/a/data", {"Data": [{"From": "2020-01-01", "Value": 1}]}),
        ("POST", "timeseries/a/attributes", {"AttributeID": 7, "Values": {"2020-01-01": "X"}}),
    ):
        assert shared.ask(method, path, body).status < 300
    return schemathesis.openapi.from_url(f"{shared.url}/docs/openapi.json")


def try_everything(shared: Caller, *, examples: int) -> None:
    """Send that many requests to every operation, fitting ones and others in turn."""
    for found in api(shared).get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        for mode in GenerationMode:
            strategy = operation.as_strategy(generation_mode=mode)

            @settings(relaxed, max_examples=examples)
            @given(case=strategy)
            def judged(case: Any) -> None:
                sent_and_judged(case, shared)

            with contextlib.suppress(
                Unsatisfiable
            ):  # nothing can misfit an operation without parts
                judged()


def test_no_request_makes_the_service_fail(shared: Caller) -> None:
    """Every operation, asked anything, gives an answer or a refusal in the form of an error."""
    try_everything(shared, examples=8)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_no_request_of_many_makes_the_service_fail(shared: Caller) -> None:
    """The same for long."""
    try_everything(shared, examples=300)


def sent_and_judged(case: Any, shared: Caller) -> None:
    place: dict[str, Any] = case.path_parameters or {}
    for name, known in KNOWN.items():
        if name in place and len(str(place[name])) % 3:
            place[name] = known
    answer = case.call(headers={"Authorization": shared.authorization}, timeout=20)
    told = (case.as_curl_command(), answer.status_code, answer.text)
    assert answer.status_code < 500, told
    if answer.status_code >= 400 and answer.text != NO_HTTP:
        assert set(answer.json()) == {"Message", "Code", "Details"}, told
