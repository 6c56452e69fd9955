"""A store that cannot take more, or cannot be opened: said clearly, and nothing is lost."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import duckdb
import pytest
from tests.cli.conftest import Ran
from tests.faults.campus import SPAN, assert_whole, stored, the_error

from tidegate.store.schema import FORMAT

STORE = "store.duckdb"


def limited(*words, size):
    """A command as a process of its own that can write no file beyond `size` bytes."""
    done = subprocess.run(
        [sys.executable, "-m", "tidegate", *words],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_full_disk_amid_a_pull(web_campus, standin, tmp_path):
    """A pull without room for its readings ends as such; what was there before is there after."""
    web_campus("pull", "campus", "R123", *SPAN)
    before = stored(tmp_path / "store")

    ran = limited("pull", "campus", *SPAN, size=60_000)

    code, message, hint = the_error(ran)
    assert (ran.code, code) == (44, "disk-full")
    assert str(tmp_path / "store") in message
    assert "free some space" in hint
    assert stored(tmp_path / "store") == before
    web_campus("pull", "campus", *SPAN)
    assert_whole(standin, tmp_path / "store")


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "xlsx"])
def test_full_disk_amid_an_export(web_campus, tmp_path, ending):
    """An export without room leaves no file, whole or half, under the name asked for."""
    web_campus("pull", "campus", "R733", *SPAN)
    out = tmp_path / f"out.{ending}"
    name = "Sample meter: Active Energy (import)"

    ran = limited("export", name, *SPAN, "--out", str(out), size=5_000)

    assert (ran.code, the_error(ran)[0]) == (44, "disk-full")
    assert "ignored" not in ran.err
    assert [path for path in tmp_path.iterdir() if "out" in path.name] == []


def test_store_of_a_newer_format(web_campus, tmp_path):
    """A store that a later release wrote is left alone, and the way out is named."""
    with duckdb.connect(str(tmp_path / "store" / STORE)) as database:
        database.execute("UPDATE store SET format = ?", [FORMAT + 1])

    for words in (("pull", *SPAN), ("series", "list"), ("coverage",), ("connections",)):
        ran = web_campus(*words, check=False)
        code, message, hint = the_error(ran)
        assert (ran.code, code) == (42, "store-too-new")
        assert f"format {FORMAT + 1}, this release knows up to {FORMAT}" in message
        assert "upgrade" in hint


def test_file_that_is_no_store(tidegate, tmp_path):
    """A damaged store is named as such."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / STORE).write_bytes(b"not a database, just some text" * 500)

    ran = tidegate("series", "list", check=False)

    assert (ran.code, the_error(ran)[0]) == (43, "store-damaged")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_folder_that_cannot_be_written(tidegate, tmp_path):
    """A store where nothing may be written is one clear error."""
    (tmp_path / "store").mkdir(mode=0o500)

    ran = tidegate("series", "list", check=False)

    assert ran.code >= 40
    assert the_error(ran)
