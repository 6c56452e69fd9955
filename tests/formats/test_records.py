"""Writers of records: what comes out is what went in, in each format."""

import csv
import io
import json
import logging
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from tidegate.formats.records import Column, Kind, RecordFormat, writer
from tidegate.formats.records.columns import Rows
from tidegate.model.errors import UnknownName

COLUMNS = (
    Column("id"),
    Column("kwh", Kind.NUMBER),
    Column("token.uid"),
    Column("token.valid", Kind.TRUTH),
    Column("price.excl_vat", Kind.NUMBER),
    Column("price.incl_vat", Kind.NUMBER),
    Column("facilities"),
    Column("periods", Kind.DOCUMENT),
)
FIRST = {
    "id": "S1",
    "kwh": 21.5,
    "token": {"uid": "=cmd|' /C calc'!A0", "valid": True},
    "price": {"excl_vat": 6.88, "incl_vat": 8.32},
    "facilities": ["HOTEL", "CAFE"],
    "periods": [{"at": "a", "dims": [{"v": 1}, {"v": 2}]}, {"at": "b", "dims": []}],
}
SECOND: dict[str, Any] = {
    "id": "S2",
    "kwh": None,
    "price": 5,
    "periods": [],
    "unknown": {"plate": "XX"},
}


def _lines(*records):
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def _written(format, *pages, columns=COLUMNS, **options):
    stream = io.BytesIO()
    made = writer(RecordFormat(format), stream, columns=columns, **options)
    for page in pages:
        made.write(page)
    made.close()
    return stream.getvalue()


def _table(data, separator=","):
    return list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=separator))


def test_json_lines_go_out_as_they_are():
    """Each record is one line, byte for byte what the pages held."""
    pages = _lines(FIRST), b"", _lines(SECOND)
    assert _written("jsonl", *pages) == b"".join(pages)


@pytest.mark.parametrize(
    "pages", [[], [b""], [_lines(FIRST)], [_lines(FIRST, SECOND), b"", _lines(FIRST)]]
)
def test_a_json_array_holds_every_record(pages):
    """The array is one JSON text with the records of all pages in order."""
    expected = [json.loads(line) for page in pages for line in page.splitlines()]
    assert json.loads(_written("json", *pages)) == expected


def test_an_array_that_breaks_off_is_no_json():
    """An array whose writer was never closed cannot be taken for a complete one."""
    stream = io.BytesIO()
    writer(RecordFormat.JSON, stream).write(_lines(FIRST))
    with pytest.raises(json.JSONDecodeError):
        json.loads(stream.getvalue())


@pytest.mark.parametrize(("format", "separator"), [("csv", ","), ("tsv", "\t")])
def test_delimited_text_has_fixed_dotted_columns(format, separator):
    """The header is the columns; every row has as many cells, in their order."""
    header, *rows = _table(_written(format, _lines(FIRST, SECOND)), separator)
    assert header == [column.name for column in COLUMNS]
    documents = json.dumps(FIRST["periods"], separators=(",", ":"))
    assert rows == [
        ["S1", "21.5", "'=cmd|' /C calc'!A0", "true", "6.88", "8.32", "HOTEL;CAFE", documents],
        ["S2", "", "", "", "5", "", "", ""],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start):
    """A text that a spreadsheet would run is led by an apostrophe; a negative number is not."""
    data = _written("csv", _lines({"id": f"{start}1+1", "kwh": -1.5}))
    assert _table(data)[1][:2] == [f"'{start}1+1", "-1.5"]


@pytest.mark.parametrize("text", ['say "hi"', "a,b", "two\nlines", "tab\there", " padded ", "é€"])
def test_every_text_comes_back_from_a_cell(text):
    """Quoting follows RFC 4180: separators, quotes and line ends stay in their cell."""
    for form, separator in (("csv", ","), ("tsv", "\t")):
        assert _table(_written(form, _lines({"id": text})), separator)[1][0] == text


def test_numbers_keep_their_digits_in_text():
    """Long decimals and big integers are not rounded on their way into a cell."""
    line = b'{"id":123456789012345678901234567890,"kwh":0.12345678901234567890123}\n'
    assert _table(_written("csv", line))[1][:2] == [
        "123456789012345678901234567890",
        "0.12345678901234567890123",
    ]


def test_a_list_explodes_to_a_row_each():
    """Each element has a row with the columns of its record; a record without any keeps one."""
    columns = (Column("id"), Column("periods.at"), Column("periods.dims", Kind.DOCUMENT))
    page = _lines(FIRST, SECOND)
    _, *rows = _table(_written("csv", page, columns=columns, explode="periods"))
    assert rows == [["S1", "a", '[{"v":1},{"v":2}]'], ["S1", "b", ""], ["S2", "", ""]]


def test_a_list_within_a_list_explodes_too():
    """A dotted path explodes the inner list; the outer element is repeated."""
    columns = (Column("id"), Column("periods.at"), Column("periods.dims.v", Kind.NUMBER))
    rows = list(Rows(columns, "periods.dims").of(_lines(FIRST, SECOND)))
    assert rows == [["S1", "a", 1], ["S1", "a", 2], ["S1", "b", None], ["S2", None, None]]


@pytest.mark.parametrize("value", [7, "#NA", True, [1, "x"], [{"a": 1}], {"odd": 1}, None])
def test_any_shape_fits_a_row(value):
    """Whatever stands where an object or a scalar is expected, the row is written."""
    rows = list(
        Rows(COLUMNS, "periods").of(_lines({"id": value, "token": value, "periods": value}))
    )
    assert len(rows) == (2 if value == [1, "x"] else 1)
    assert {len(row) for row in rows} == {len(COLUMNS)}


def test_a_file_that_goes_on_has_one_header():
    """What is added to a file later has no header of its own."""
    first = _written("csv", _lines(FIRST))
    second = _written("csv", _lines(SECOND), goes_on=True)
    assert len(_table(first + second)) == 3


def test_parquet_has_typed_columns(tmp_path, caplog):
    """Numbers, truth and texts have their types; a number that is none is told and left out."""
    odd = {"id": "S3", "kwh": "21", "token": {"valid": "yes"}}
    (tmp_path / "x.parquet").write_bytes(_written("parquet", _lines(FIRST, SECOND), _lines(odd)))
    table = pq.read_table(tmp_path / "x.parquet")
    assert [str(field.type) for field in table.schema] == [
        "string", "double", "string", "bool", "double", "double", "string", "string",
    ]  # fmt: skip
    assert table["kwh"].to_pylist() == [21.5, None, None]
    assert table["price.excl_vat"].to_pylist() == [6.88, 5.0, None]
    assert "2 values" in caplog.text


def test_parquet_goes_out_in_row_groups(monkeypatch, tmp_path):
    """Rows are written in groups, so that memory does not grow with the file."""
    monkeypatch.setattr("tidegate.formats.records.parquet._GROUP", 2)
    (tmp_path / "x.parquet").write_bytes(_written("parquet", *[_lines(FIRST, SECOND)] * 3))
    assert pq.ParquetFile(tmp_path / "x.parquet").num_row_groups == 3


def test_excel_holds_texts_numbers_and_truth(tmp_path):
    """Cells have the type of their value, and a text that looks like a formula is a text."""
    path = tmp_path / "x.xlsx"
    path.write_bytes(_written("xlsx", _lines(FIRST, SECOND)))
    header, first, second = CalamineWorkbook.from_path(path).get_sheet_by_name("data").to_python()
    assert header == [column.name for column in COLUMNS]
    assert first[:6] == ["S1", 21.5, "=cmd|' /C calc'!A0", True, 6.88, 8.32]
    assert second[:6] == ["S2", "", "", "", 5, ""]


def test_excel_begins_a_sheet_when_one_is_full(monkeypatch, tmp_path):
    """More rows than a sheet holds go to further sheets, each under the header."""
    monkeypatch.setattr("tidegate.formats.records.workbook.MAX_ROWS", 3)
    path = tmp_path / "x.xlsx"
    path.write_bytes(_written("xlsx", _lines(*[FIRST] * 3)))
    book = CalamineWorkbook.from_path(path)
    assert [len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names] == [3, 2]


def test_excel_tells_what_a_cell_cannot_hold(caplog):
    """A text longer than a cell is cut, and that is said."""
    with caplog.at_level(logging.WARNING):
        _written("xlsx", _lines({"id": "x" * 40_000}))
    assert "1 texts were cut" in caplog.text


def test_formats_go_by_their_names_and_endings():
    """A format is known by name, by ending and by common other names; any other is refused."""
    assert RecordFormat.named(".CSV") is RecordFormat.CSV
    assert RecordFormat.named("ndjson") is RecordFormat.JSONL
    with pytest.raises(UnknownName, match="'yaml' is not a known format"):
        RecordFormat.named("yaml")


def test_decimals_are_cells_of_numbers():
    """A number with a fraction is a number in its row, with its digits."""
    (row,) = Rows((Column("kwh", Kind.NUMBER),)).of(b'{"kwh":4.0}\n')
    assert row == [Decimal("4.0")]
    assert str(row[0]) == "4.0"
