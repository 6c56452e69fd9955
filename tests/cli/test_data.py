"""Series, attributes, writing, reading, summing and exporting by commands."""

from __future__ import annotations

import csv

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook  # type: ignore[import-untyped,unused-ignore]

HOURS = """series,from,value
Hall A,2024-03-30T22:00:00Z,1
Hall A,2024-03-30T23:00:00Z,2
Hall A,2024-03-31T00:00:00Z,3
Hall A,2024-03-31T01:00:00Z,4
Hall B,2024-03-30T22:00:00Z,10
Hall B,2024-03-30T23:00:00Z,20
Hall B,2024-03-31T00:00:00Z,30
Hall B,2024-03-31T01:00:00Z,40
"""
SPAN = ("--from", "2024-03-30T22:00Z", "--to", "2024-03-31T02:00Z")


@pytest.fixture
def halls(tidegate, tmp_path):
    """Two series of four hours; B changes supplier at midnight UTC."""
    (tmp_path / "hours.csv").write_text(HOURS)
    tidegate("write", str(tmp_path / "hours.csv"), "--create", "--unit", "kWh", "--interval", "1h")
    (tmp_path / "suppliers.csv").write_text(
        "series,attribute,from,value\n"
        "Hall A,Supplier,,North\n"
        "Hall B,Supplier,2020-01-01,South\n"
        "Hall B,Supplier,2024-03-31T00:00:00Z,North\n"
    )
    tidegate("attributes", "import", str(tmp_path / "suppliers.csv"), "--create")
    return tidegate


def values(ran):
    return [(row["from"], row["value"], row["flag"]) for row in ran.rows]


def test_write_creates_series_and_counts(tidegate, tmp_path):
    """`write --create` makes the series of a file and says what it did."""
    path = tmp_path / "hours.csv"
    path.write_text(HOURS)
    options = ("--create", "--unit", "kWh", "--interval", "hour")

    first = tidegate("write", str(path), *options, "--json").rows
    again = tidegate("write", str(path), *options, "--json").rows

    assert first == [{"inserted": 8, "changed": 0, "equal": 0}]
    assert again == [{"inserted": 0, "changed": 0, "equal": 8}]
    assert [(row["name"], row["unit"]) for row in tidegate("series", "list", "--json").rows] == [
        ("Hall A", "kWh"),
        ("Hall B", "kWh"),
    ]


def test_write_refuses_a_file_with_a_bad_row_whole(halls, tmp_path):
    """One row that cannot be taken refuses the file; the line is named and nothing is written."""
    path = tmp_path / "bad.csv"
    path.write_text("from,value\n2024-05-01T00:00:00Z,1\n2024-05-01T01:00:00Z,many\n")

    ran = halls("write", "Hall A", str(path), check=False)

    assert ran.code == 2
    assert "line 3" in ran.err
    assert halls("series", "show", "Hall A", "--json").rows[0]["readings"] == 4


@pytest.mark.parametrize(
    "words",
    [("write", "nowhere/a.csv"), ("attributes", "import", "nowhere/a.csv")],
)
def test_a_file_that_is_not_there(tidegate, words):
    """A path that leads nowhere is named, with what to do, in words of this program."""
    ran = tidegate(*words, check=False)

    assert ran.code == 2
    assert ran.err.splitlines() == [
        "error[bad-file]: nowhere/a.csv: no such file or directory",
        "hint: check the path",
    ]


def test_write_names_a_series_that_does_not_exist(tidegate, tmp_path):
    """Without `--create` an unknown series is an error that says what to add."""
    path = tmp_path / "hours.csv"
    path.write_text(HOURS)

    ran = tidegate("write", str(path), check=False)

    assert ran.code == 2
    assert "--create" in ran.err


def test_read_gives_raster_points(halls):
    """`read` prints every raster point; a missing one is 0 with flag 19."""
    ran = halls("read", "Hall A", *SPAN[:3], "2024-03-31T03:00Z", "--json")

    assert values(ran) == [
        ("2024-03-30T22:00:00Z", 1, 9),
        ("2024-03-30T23:00:00Z", 2, 9),
        ("2024-03-31T00:00:00Z", 3, 9),
        ("2024-03-31T01:00:00Z", 4, 9),
        ("2024-03-31T02:00:00Z", 0, 19),
    ]


def test_missing_as_null(halls):
    """With `--missing-as-null` a point without a number is null."""
    times = ("--from", "2024-03-31T01:00Z", "--to", "2024-03-31T03:00Z")

    ran = halls("read", "Hall A", *times, "--missing-as-null", "--json")

    assert [row["value"] for row in ran.rows] == [4, None]


def test_sum_follows_dated_attributes(halls):
    """A series counts for a supplier for as long as it is supplied by it."""
    options = (*SPAN, "--interval", "hour", "--json")

    north = halls("sum", "--attribute", "Supplier|North", *options)
    south = halls("sum", "--attribute", "Supplier|South", *options)

    assert [row["value"] for row in north.rows] == [1, 2, 33, 44]
    assert [(row["value"], row["flag"]) for row in south.rows] == [(10, 9), (20, 9), (0, 0), (0, 0)]


def test_sum_over_local_days(halls):
    """Days are those of the zone: 31 March in Vienna begins at 23:00 UTC."""
    ran = halls(
        "sum", "--name", "Hall A", *SPAN, "--interval", "day", "--zone", "Europe/Vienna", "--json"
    )

    assert [(row["from"], row["value"]) for row in ran.rows] == [
        ("2024-03-29T23:00:00Z", 1),
        ("2024-03-30T23:00:00Z", 9),
    ]


def test_text_shows_whole_seconds_and_every_digit_of_a_meter(tidegate, tmp_path):
    """Text has times as JSON has them, and running totals to the thousandth."""
    path = tmp_path / "totals.csv"
    path.write_text("from,value\n2024-03-31T00:00:00Z,12367940.874\n")
    tidegate("write", "Total", str(path), "--create", "--unit", "kWh", "--interval", "hour")

    ran = tidegate("read", "Total", "--from", "2024-03-31", "--to", "2024-03-31T01:00")

    assert ran.out.splitlines()[1].split() == ["2024-03-31T00:00:00Z", "12367940.874", "9"]


def test_sum_without_selector_is_refused(halls):
    """A sum needs an attribute, a name or an id."""
    assert halls("sum", *SPAN, check=False).code == 2


def test_sum_converts_units(halls):
    """`--unit` converts before adding."""
    ran = halls("sum", "--name", "Hall B", *SPAN, "--interval", "total", "--unit", "MWh", "--json")

    assert [row["value"] for row in ran.rows] == [pytest.approx(0.1)]


def test_as_of_reads_what_was_known(halls, tmp_path):
    """After a correction `--as-of` still answers with the old value."""
    from tidegate.model.instants import now, to_text

    before = to_text(now())
    (tmp_path / "new.csv").write_text("from,value\n2024-03-30T22:00:00Z,100\n")
    counts = halls("write", "Hall A", str(tmp_path / "new.csv"), "--json").rows
    options = (
        "read",
        "Hall A",
        "--from",
        "2024-03-30T22:00Z",
        "--to",
        "2024-03-30T23:00Z",
        "--json",
    )

    assert counts == [{"inserted": 0, "changed": 1, "equal": 0}]
    assert [row["value"] for row in halls(*options).rows] == [100]
    assert [row["value"] for row in halls(*options, "--as-of", before).rows] == [1]


def test_attributes_show_at_an_instant(halls):
    """`attributes show --at` gives the value in force, without it every dated value."""
    at = halls("attributes", "show", "Hall B", "--at", "2024-03-30T23:59:59Z", "--json").rows
    every = halls("attributes", "show", "Hall B", "--json").rows

    assert [row["value"] for row in at] == ["South"]
    assert [(row["from"], row["value"]) for row in every] == [
        ("2020-01-01T00:00:00Z", "South"),
        ("2024-03-31T00:00:00Z", "North"),
    ]


def test_attributes_assign_and_remove(halls):
    """An assigned value counts from its instant on; a removed attribute is gone whole."""
    halls("attributes", "create", "Site")
    halls(
        "attributes", "assign", "Site", "West", "--series", "Hall A", "Hall B", "--at", "2024-01-01"
    )
    shown = halls("attributes", "show", "Hall A", "--json").rows
    halls("attributes", "remove", "Site", "--series", "Hall A")

    assert ("Site", "West") in {(row["attribute"], row["value"]) for row in shown}
    assert {row["attribute"] for row in halls("attributes", "show", "Hall A", "--json").rows} == {
        "Supplier"
    }


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "parquet", "xlsx"])
def test_export_writes_every_format(halls, tmp_path, format):
    """`export` writes both series, four rows each, in the format of the file's ending."""
    path = tmp_path / f"out.{format}"

    halls("export", "--out", str(path), *SPAN)

    if format == "parquet":
        count = pq.read_table(path).num_rows
    elif format == "xlsx":
        count = len(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()) - 1
    elif format == "jsonl":
        count = len(path.read_text().splitlines())
    else:
        with path.open(newline="") as file:
            count = len(list(csv.reader(file, delimiter="\t" if format == "tsv" else ","))) - 1
    assert count == 8


def test_plot_into_a_picture(halls, tmp_path):
    """`--plot FILE.png` draws the answer into a PNG file, `--plot` alone on the terminal."""
    path = tmp_path / "sum.png"
    options = ("sum", "--attribute", "Supplier", *SPAN, "--interval", "hour", "--unit", "kWh")

    halls(*options, "--plot", str(path))
    drawn = halls(*options, "--plot").out

    assert path.read_bytes().startswith(b"\x89PNG")
    assert "kWh" in drawn


def test_repositories_keep_series_apart(halls):
    """A series of one repository is not seen from another."""
    halls("repositories", "create", "trial")
    halls(
        "series", "create", "Hall A", "--repository", "trial", "--unit", "kWh", "--interval", "1h"
    )

    assert [row["name"] for row in halls("repositories", "list", "--json").rows] == [
        "main",
        "trial",
    ]
    assert len(halls("series", "list", "--repository", "trial", "--json").rows) == 1
    assert len(halls("series", "list", "--json").rows) == 2


def test_config_shows_where_a_value_came_from(tidegate, monkeypatch):
    """`config show` names the source of each setting."""
    monkeypatch.setenv("TIDEGATE_READ_TIMEOUT", "7.5")

    rows = {row["setting"]: row for row in tidegate("config", "show", "--json").rows}

    assert (rows["read_timeout"]["value"], rows["read_timeout"]["source"]) == (
        7.5,
        "environment TIDEGATE_READ_TIMEOUT",
    )
    assert rows["connect_timeout"]["source"] == "default"


def test_extras_say_how_to_add_them(tidegate):
    """An optional part that is absent is one line that says how to install it."""
    rows = tidegate("config", "extras", "--json").rows

    assert {row["extra"]: row["add"] for row in rows} == {
        "spark": "pip install 'tidegate[spark]'",
        "grids-cluster": "pip install 'tidegate[grids-cluster]'",
    }
