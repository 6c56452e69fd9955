"""`tidegate ocpi fields`: what leaves, and what a pass list would let out."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tidegate.standins.ocpi import running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ran


def test_every_field_is_shown_with_its_type_and_verdict(tidegate: Callable[..., Ran]) -> None:
    ran = tidegate("ocpi", "fields", "sessions", "--version", "2.1.1")
    assert ran.code == 0
    shown = [line.split() for line in ran.out.splitlines()]
    assert shown[:3] == [
        ["path", "type", "verdict"],
        ["id", "s36", "pass"],
        ["start_datetime", "dt", "blank"],
    ]
    assert len(shown) == 109
    assert "39 of 108 fields of sessions 2.1.1 leave" in ran.err


def test_explain_shows_only_what_a_pass_list_would_let_out(tidegate: Callable[..., Ran]) -> None:
    words = ("--privacy-pass", "kwh,charging_periods.dimensions", "--explain", "--json")
    rows = tidegate("ocpi", "fields", "sessions", *words).rows
    assert {row["verdict"] for row in rows} == {"pass"}
    assert [row["path"] for row in rows if row["because"] == "pass list"] == [
        "kwh",
        "charging_periods.dimensions.type",
        "charging_periods.dimensions.volume",
        "charging_periods.dimensions.*",
    ]


def test_explain_of_everything_says_that_unknown_fields_leave_too(
    tidegate: Callable[..., Ran],
) -> None:
    rows = tidegate("ocpi", "fields", "tokens", "--privacy-pass", ".", "--explain", "--json").rows
    assert rows[-1] == {
        "path": "*",
        "type": "unknown fields",
        "verdict": "pass",
        "because": "pass list",
    }


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("sessions", "--privacy-pass", "start_date_tme"), "did you mean 'start_date_time'?"),
        (("sessions", "--privacy-pass", "id.x"), "'id.x' goes below 'id'"),
        (("sessions", "--privacy-pass", ","), "the pass list names no field"),
        (("session",), "did you mean 'sessions'?"),
        (("sessions", "--version", "2.2"), "'2.2' is not a known version of OCPI"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tidegate: Callable[..., Ran], words: tuple[str, ...], says: str
) -> None:
    ran = tidegate("ocpi", "fields", *words, check=False)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_the_version_is_that_of_the_connection(tidegate: Callable[..., Ran]) -> None:
    with running(sessions=1) as standin:
        words = ("--party", "NL-ABC", "--version", "2.1.1", "--token", standin.token)
        tidegate("ocpi", "login", standin.versions_url, *words)
    assert tidegate("ocpi", "fields", "tokens").out.split()[3] == "uid"
    assert "of tokens 2.1.1 leave" in tidegate("ocpi", "fields", "tokens").err
    assert "of tokens 2.3.0 leave" in tidegate("ocpi", "fields", "tokens", "--version", "2.3.0").err
    refused = tidegate("ocpi", "fields", "tokens", "--connection", "other", check=False)
    assert (refused.code, "known: ocpi" in refused.err) == (2, True)


def test_a_field_that_the_platform_added_is_named_with_extensions(
    tidegate: Callable[..., Ran],
) -> None:
    words = ("ocpi", "fields", "sessions", "--privacy-pass", "plate", "--explain", "--json")
    assert tidegate(*words, check=False).code == 2
    assert tidegate(*words, "--extensions").rows[-1]["path"] == "plate"


def test_no_database_dataframe_or_http_module_is_loaded(tmp_path: Path) -> None:
    code = "import sys; from tidegate.cli import run; run(sys.argv[1:]); print(*sys.modules)"
    words = ["ocpi", "fields", "sessions", "--quiet", "--store", str(tmp_path / "none")]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "tidegate.gate.rules" in loaded
    assert not loaded & {"duckdb", "pyarrow", "numpy", "pandas", "httpx2"}
