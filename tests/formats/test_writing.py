"""Tables leave as JSON lines, CSV, Parquet and Excel: exact texts, whole files, harmless cells."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.formats import Format, write_table
from tidegate.formats.guarding import unguarded
from tidegate.model.errors import BadFile, DiskFull, UnknownName
from tidegate.model.instants import BEGINNING, FOREVER, parse, to_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMESPACE = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def answer(instants: list[int | None], values: list[float | None], **columns: Any) -> pa.Table:
    table = pa.table(
        {
            "from": pa.array(instants, pa.timestamp("us", "UTC")),
            "value": pa.array(values, pa.float64()),
            **columns,
        }
    )
    return table.replace_schema_metadata({"unit": "kWh", "zone": "UTC", "interval": "hour"})


def written(table: pa.Table, format: str) -> bytes:
    stream = io.BytesIO()
    write_table(table, stream, format)
    return stream.getvalue()


def sheet(data: bytes, number: int = 1) -> list[list[str]]:
    """The cells of a sheet as its XML has them."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        root = ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
    return [
        ["".join(cell.itertext()) for cell in row.iterfind("x:c", NAMESPACE)]
        for row in root.iter(f"{{{NAMESPACE['x']}}}row")
    ]


class TestJsonLines:
    def test_records(self) -> None:
        """One record a line: shortest numbers, whole ones without fraction, instants with Z."""
        table = answer([0, 1_500_000], [22262.0, 0.1], flag=pa.array([9, 22], pa.int16()))

        assert written(table, "jsonl").decode().splitlines() == [
            '{"from":"1970-01-01T00:00:00Z","value":22262,"flag":9}',
            '{"from":"1970-01-01T00:00:01.5Z","value":0.1,"flag":22}',
        ]

    def test_null(self) -> None:
        """What is absent, and what is no finite number, is null."""
        table = pa.table({"a": [None, float("inf"), float("nan")], "b": ["x", None, "y"]})

        assert [json.loads(line) for line in written(table, "jsonl").splitlines()] == [
            {"a": None, "b": "x"},
            {"a": None, "b": None},
            {"a": None, "b": "y"},
        ]

    def test_other_columns(self) -> None:
        """Texts are escaped; booleans, dates, dictionaries and lists keep their meaning."""
        table = pa.table(
            {
                'a"b': ['x"\n\\', "°C"],
                "flag": [True, False],
                "day": [dt.date(2024, 2, 29), None],
                "list": [[1, 2], []],
                "word": pa.array(["u", "v"]).dictionary_encode(),
            }
        )

        assert [json.loads(line) for line in written(table, "jsonl").splitlines()] == [
            {'a"b': 'x"\n\\', "flag": True, "day": "2024-02-29", "list": [1, 2], "word": "u"},
            {'a"b': "°C", "flag": False, "day": None, "list": [], "word": "v"},
        ]

    @given(
        st.lists(
            st.tuples(
                st.none() | st.integers(BEGINNING, FOREVER),
                st.none() | st.floats(allow_nan=False, allow_infinity=False),
            )
        )
    )
    def test_exact(self, rows: list[Any]) -> None:
        """Every instant and every number comes back as it was, to the last bit."""
        table = answer([instant for instant, _ in rows], [value for _, value in rows])
        lines = [json.loads(line) for line in written(table, "jsonl").splitlines()]

        assert [
            (None if instant is None else to_text(instant), value) for instant, value in rows
        ] == [(line["from"], line["value"]) for line in lines]

    def test_slices(self) -> None:
        """A reader of batches, sliced and long, is written whole."""
        table = pa.table({"n": range(150_000)}).slice(3)
        stream = io.BytesIO()
        count = write_table(table.to_reader(max_chunksize=70_000), stream, "jsonl")

        assert count == 149_997
        lines = stream.getvalue().splitlines()
        assert (lines[0], lines[-1], len(lines)) == (b'{"n":3}', b'{"n":149999}', count)


class TestDelimited:
    def test_csv(self) -> None:
        """CSV has a header, quotes where needed, and nothing where there is no number."""
        table = answer([0, 0], [1.0, None], name=["a, b", 'x"y'])

        assert written(table, "csv").decode() == (
            'from,value,name\n1970-01-01T00:00:00Z,1,"a, b"\n1970-01-01T00:00:00Z,,"x""y"\n'
        )

    def test_tsv(self) -> None:
        """The tab-separated form differs in nothing else."""
        assert written(answer([0], [-1.5]), "tsv") == b"from\tvalue\n1970-01-01T00:00:00Z\t-1.5\n"

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", '=HYPERLINK("x")'])
    def test_formula_cells(self, text: str) -> None:
        """A text that a spreadsheet would run gets an apostrophe in front, names included."""
        rows = list(csv.reader(io.StringIO(written(pa.table({text: [text]}), "csv").decode(), "")))

        assert rows == [[f"'{text}"], [f"'{text}"]]
        assert unguarded(rows[0][0]) == text

    @given(st.lists(st.text(), min_size=1))
    def test_any_text(self, texts: list[str]) -> None:
        """Any text survives, once the guard is taken off."""
        data = written(pa.table({"a": texts, "b": ["x"] * len(texts)}), "csv").decode()
        rows = list(csv.reader(io.StringIO(data, newline="")))

        assert [text.removeprefix("'") for text in texts] == [
            row[0].removeprefix("'") for row in rows[1:]
        ]


class TestParquet:
    def test_round_trip(self) -> None:
        """Parquet keeps columns, types and the facts about unit, zone and interval."""
        table = answer([0, None], [1.5, None], flag=pa.array([9, 19], pa.int16()))

        assert pq.read_table(io.BytesIO(written(table, "parquet"))).equals(
            table, check_metadata=True
        )


class TestWorkbook:
    def test_cells(self) -> None:
        """Instants are zone-less dates whose heading says UTC; numbers are numbers."""
        rows = sheet(written(answer([parse("2024-01-31T06:30:00Z"), 0], [1.5, None]), "xlsx"))

        assert rows == [["from (UTC)", "value"], ["45322.27083333333", "1.5"], ["25569"]]

    def test_formula_cells(self) -> None:
        """A text is a text, whatever it begins with."""
        data = written(pa.table({"a": ["=1+1", "https://example.org", "12"]}), "xlsx")

        assert sheet(data) == [["a"], ["=1+1"], ["https://example.org"], ["12"]]
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")

    def test_about(self) -> None:
        """A second sheet says what the columns mean."""
        rows = dict(sheet(written(answer([0], [1.0]), "xlsx"), 2))

        assert rows["unit"] == "kWh"
        assert "UTC" in rows["note"]

    def test_early_instants(self) -> None:
        """What Excel cannot show as a date is a text."""
        assert sheet(written(answer([BEGINNING], [1.0]), "xlsx"))[1][0] == "0001-01-01T00:00:00Z"

    def test_more_than_a_sheet(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Rows beyond the last of a sheet go to the next, under the same heading."""
        monkeypatch.setattr("tidegate.formats.workbook.MAX_ROWS", 3)
        data = written(pa.table({"n": [1, 2, 3]}), "xlsx")

        assert sheet(data, 1) == [["n"], ["1"], ["2"]]
        assert sheet(data, 2) == [["n"], ["3"]]


class TestFiles:
    @pytest.mark.parametrize("format", list(Format))
    def test_replaces(self, tmp_path: Path, format: Format) -> None:
        """A file takes the place of the old one, and nothing else is left in the folder."""
        path = tmp_path / "answer"
        path.write_text("old")
        write_table(answer([0], [1.0]), path, format)

        assert [path] == list(tmp_path.glob("*answer*"))
        assert path.read_bytes() != b"old"

    def test_failure(self, tmp_path: Path) -> None:
        """When the rows fail half way the old file stays and no part of the new one."""
        path = tmp_path / "answer.csv"
        path.write_text("old")
        schema = pa.schema({"n": pa.int64()})

        def batches() -> Iterator[pa.RecordBatch]:
            yield pa.record_batch({"n": [1]})
            raise LookupError

        with pytest.raises(LookupError):
            write_table(pa.RecordBatchReader.from_batches(schema, batches()), path, "csv")

        assert path.read_text() == "old"
        assert [path] == list(tmp_path.glob("*answer*"))

    def test_no_folder(self, tmp_path: Path) -> None:
        """A path that cannot be written is named with the reason."""
        with pytest.raises(BadFile, match="no such file"):
            write_table(answer([0], [1.0]), tmp_path / "none" / "a.csv", "csv")

    def test_unknown_format(self) -> None:
        """An unknown format is refused with those there are."""
        with pytest.raises(UnknownName, match="xls"):
            write_table(answer([0], [1.0]), io.BytesIO(), "xls")

    @pytest.mark.parametrize("format", ["parquet", "xlsx"])
    def test_pipe(self, format: str) -> None:
        """Every format can be written to a pipe."""
        code = (
            "import sys, pyarrow as pa; from tidegate.formats import write_table;"
            f"write_table(pa.table({{'n': [1, 2]}}), sys.stdout.buffer, '{format}')"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

        if format == "parquet":
            assert pq.read_table(io.BytesIO(done.stdout)).to_pylist() == [{"n": 1}, {"n": 2}]
        else:
            assert sheet(done.stdout) == [["n"], ["1"], ["2"]]

    def test_disk_full(self, tmp_path: Path) -> None:
        """A full disk is its own error; nothing of the new file is left."""
        path = tmp_path / "big.jsonl"
        code = (
            "import resource, signal, pyarrow as pa; from pathlib import Path;"
            "from tidegate.formats import write_table;"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
            f"write_table(pa.table({{'n': range(100_000)}}), Path({str(path)!r}), 'jsonl')"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

        assert DiskFull.__name__ in done.stderr
        assert not list(tmp_path.glob("*big*"))
