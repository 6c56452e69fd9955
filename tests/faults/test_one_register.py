"""A server that fails on one register: said clearly, and nothing else is lost."""

from __future__ import annotations

import pytest
from tests.faults.campus import SPAN, asked, assert_whole, the_error

from tidegate.standins.dcs import Fault

SICK = "R733"
SICK_QUERY = r"(id=R|registerId=)733(&|$)"

FAULTS = [
    pytest.param({"kind": "malformed"}, "malformed-answer", 25, id="malformed"),
    pytest.param({"kind": "truncate"}, "malformed-answer", 25, id="truncated"),
    pytest.param({"kind": "html"}, "malformed-answer", 25, id="html"),
    pytest.param({"kind": "status", "status": 500}, "server-fault", 24, id="500"),
    pytest.param({"kind": "status", "status": 503}, "server-fault", 24, id="503"),
    pytest.param({"kind": "drop", "bytes": 0}, "unreachable", 21, id="dropped"),
    pytest.param({"kind": "drop", "bytes": 5000}, "unreachable", 21, id="broken off"),
    pytest.param({"kind": "hang"}, "timed-out", 22, id="hanging"),
    pytest.param({"kind": "status", "status": 400}, "refused", 28, id="400"),
    pytest.param({"kind": "status", "status": 403}, "forbidden", 30, id="403"),
    pytest.param({"kind": "status", "status": 404}, "unknown-id", 31, id="404"),
]


@pytest.mark.parametrize(("fault", "code", "exit_code"), FAULTS)
def test_a_failing_register_is_one_clear_error(  # noqa: PLR0917
    campus, standin, tmp_path, fault, code, exit_code
):
    """A failure of one register has its own code; the others are done; the next pull mends it."""
    standin.faults.add(Fault(query=SICK_QUERY, **fault))

    alone = campus("pull", "campus", SICK, *SPAN, check=False)
    found, message, _ = the_error(alone)
    assert (alone.code, found) == (exit_code, code)
    assert "733" in message

    together = campus("pull", "campus", *SPAN, check=False)
    assert together.code == 1
    assert the_error(together)[0] == code
    assert "7 of 8 requests done, 1 failed" in together.err
    assert_whole(standin, tmp_path / "store", without=[SICK])
    report = campus("coverage", "campus", SICK, "--json").rows
    assert [row["state"] for row in report] == ["refused" if exit_code >= 28 else "failed"]
    assert str(report[0]["detail"]).startswith(f"{code}: ")

    standin.faults.clear()
    standin.log.clear()
    again = campus("pull", "campus", *SPAN)
    assert set(asked(standin)) == {SICK}
    assert "1 of 1 requests done" in again.err
    assert_whole(standin, tmp_path / "store")


def test_several_registers_fail_each_in_its_own_way(web_campus, standin, tmp_path):
    """Several causes are an error line each; the next pull asks for what failed and no more."""
    standin.faults.add(
        Fault("html", query="id=R123&"),
        Fault("status", query="id=R126&", status=500),
        Fault("status", query="id=R1156&", status=500),
    )

    ran = web_campus("pull", "campus", *SPAN, check=False)

    errors = [line for line in ran.err.splitlines() if line.startswith("error[")]
    assert ran.code == 1
    assert sorted(line.partition("]")[0] for line in errors) == [
        "error[malformed-answer",
        "error[server-fault",
    ]
    assert any("(2 requests: " in line for line in errors)
    assert_whole(standin, tmp_path / "store", without=["R123", "R126", "R1156"])

    standin.faults.clear()
    standin.log.clear()
    web_campus("pull", "campus", *SPAN)
    assert sorted(asked(standin)) == ["R1156", "R123", "R126"]
    assert_whole(standin, tmp_path / "store")


def test_texts_instead_of_numbers_are_no_numbers(campus, standin, tmp_path):
    """`NaN` among the values is stored as missing, never as a number; a later pull corrects it."""
    standin.faults.add(Fault("nan", query=SICK_QUERY))
    campus("pull", "campus", SICK, *SPAN)

    rows = campus("read", "Sample meter: Active Energy (import)", *SPAN, "--json").rows
    missing = [row for row in rows if row["flag"] == 19]
    assert 200 < len(missing) < 230
    assert len(rows) == 1488

    standin.faults.clear()
    campus("pull", "campus", *SPAN, "--again")
    assert_whole(standin, tmp_path / "store")
