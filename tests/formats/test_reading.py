"""Files of readings come in: layouts, zones, decimal signs, refusals by line, known exports."""

from __future__ import annotations

import io
import os
import threading
import tracemalloc
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.formats import write_table
from tidegate.formats.reading import FileReadings, Refusal, read_readings
from tidegate.model.errors import BadFile, BadValue
from tidegate.model.instants import HOUR, from_datetime, parse, to_text

if TYPE_CHECKING:
    from pathlib import Path

LONDON = ZoneInfo("Europe/London")


def read(text: str, **options: Any) -> FileReadings:
    return read_readings(io.BytesIO(text.encode()), **options)


def rows(found: FileReadings) -> list[tuple[Any, ...]]:
    """Series, instant, number and flag of every reading."""
    return [
        (row["series"], to_text(row["ts"]), row["value"], row["flag"])
        for row in found.table.to_pylist()
    ]


def refusal(text: str, **options: Any) -> BadFile:
    with pytest.raises(BadFile) as caught:
        read(text, **options)
    return caught.value


class TestLong:
    TABLE = (
        ("A", "2024-01-01T00:00:00Z", 1.5, 9),
        ("B", "2024-01-01T00:00:00Z", None, 19),
        ("A", "2024-01-01T00:30:00Z", -2.0, 22),
    )

    def test_csv(self) -> None:
        """A long CSV names the series of each row; what has no number is missing."""
        found = read(
            "series,from,value,flag\n"
            "A,2024-01-01T00:00Z,1.5,\n"
            "B,2024-01-01T00:00Z,,\n"
            "A,2024-01-01T00:30Z,-2,22\n"
        )

        assert tuple(rows(found)) == self.TABLE
        assert (found.names, found.refused_count) == (["A", "B"], 0)
        assert found.table["line"].to_pylist() == [2, 3, 4]

    def test_jsonl(self) -> None:
        """JSON lines hold the same; a member that is left out is null."""
        found = read(
            '{"series":"A","from":"2024-01-01T00:00Z","value":1.5,"flag":9}\n'
            "\n"
            '{"series":"B","from":"2024-01-01T00:00Z"}\n'
            '{"value":-2,"flag":22,"from":"2024-01-01T00:30Z","series":"A"}\n'
        )

        assert tuple(rows(found)) == self.TABLE
        assert found.table["line"].to_pylist() == [1, 3, 4]

    def test_parquet(self, tmp_path: Path) -> None:
        """Parquet brings its types along."""
        path = tmp_path / "readings.parquet"
        table = pa.table(
            {
                "Series": ["A", "B", "A"],
                "Timestamp": pa.array(
                    [parse(text) for _, text, *_ in self.TABLE], pa.timestamp("us", "UTC")
                ),
                "Value": [1.5, float("nan"), -2.0],
                "Flag": pa.array([None, 9, 22], pa.int8()),
            }
        )
        pq.write_table(table, path)

        assert tuple(rows(read_readings(path))) == self.TABLE

    def test_chosen(self) -> None:
        """Only the series that are asked for are taken, and they have to be there."""
        text = "series,from,value\nA,2024-01-01T00:00Z,1\nB,2024-01-01T00:00Z,2\n"
        found = read(text, columns=["B"])

        assert [row[0] for row in rows(found)] == found.names == ["B"]
        assert "no series 'C'" in refusal(text, columns=["C"]).message

    def test_single(self) -> None:
        """Without a column of series every row is of one series that the file does not name."""
        found = read("time,value\n2024-01-01T00:00:00+01:00,7\n")

        assert rows(found) == [(None, "2023-12-31T23:00:00Z", 7.0, 9)]
        assert found.names == []

    def test_flags_without_number(self) -> None:
        """Under a flag without number stands none, as exports write it."""
        found = read("from,value,flag\n2024-01-01,0,19\n2024-01-02,0,0\n", zone=LONDON)

        assert [(row[2], row[3]) for row in rows(found)] == [(None, 19), (None, 0)]

    @pytest.mark.parametrize("format", ["jsonl", "csv", "tsv", "parquet"])
    def test_own_export(self, tmp_path: Path, format: str) -> None:
        """What is exported can be written back, readings and names unchanged."""
        path = tmp_path / "export"
        table = pa.table(
            {
                "id": [1, 1, 2],
                "name": ["=A", "=A", 'B, "b"'],
                "from": pa.array([0, 1, 3_600_000_000], pa.timestamp("us", "UTC")),
                "value": [0.1, None, 1e300],
                "flag": pa.array([9, 19, 22], pa.int16()),
            }
        )
        write_table(table, path, format)
        found = read_readings(path, format="tsv" if format == "tsv" else None)

        assert [list(row.values())[:4] for row in found.table.to_pylist()] == [
            ["=A", 0, 0.1, 9],
            ["=A", 1, None, 19],
            ['B, "b"', 3_600_000_000, 1e300, 22],
        ]


class TestWide:
    TEXT = "from;North;South\n2024-01-01T00:00Z;1,5;\n2024-01-01T01:00Z;n/a;2\n"

    def test_columns(self) -> None:
        """Each column is a series; an empty cell is no reading, a word for none is missing."""
        assert rows(read(self.TEXT, decimal=",")) == [
            ("North", "2024-01-01T00:00:00Z", 1.5, 9),
            ("North", "2024-01-01T01:00:00Z", None, 19),
            ("South", "2024-01-01T01:00:00Z", 2.0, 9),
        ]

    def test_chosen(self) -> None:
        """Only the columns that are asked for are taken."""
        found = read(self.TEXT, columns=["south"])

        assert rows(found) == [("South", "2024-01-01T01:00:00Z", 2.0, 9)]

    def test_unknown(self) -> None:
        """A column that is not there is refused with those that are."""
        error = refusal(self.TEXT, columns=["West"])

        assert "'West'" in error.message
        assert error.hint == "the file has: North, South"

    def test_one_column(self) -> None:
        """A file with one column of numbers gives them to any one series."""
        found = read("from,kWh\n2024-01-01T00:00Z,1\n", columns=["Main meter"])

        assert rows(found) == [("Main meter", "2024-01-01T00:00:00Z", 1.0, 9)]

    def test_jsonl(self) -> None:
        """Objects can hold a member a series."""
        found = read('{"time":"2024-01-01T00:00Z","A":1,"B":2.5}\n')

        assert [(row[0], row[2]) for row in rows(found)] == [("A", 1.0), ("B", 2.5)]

    def test_later_member(self) -> None:
        """A member that the first object has not is refused, not dropped."""
        found = read('{"time":"2024-01-01T00:00Z","A":1}\n{"time":"2024-01-01T01:00Z","C":1}\n')

        assert found.refused == [Refusal(2, "has 'C', which the first line has not")]


class TestZones:
    def test_unnamed(self) -> None:
        """A time without zone is refused by line until a zone is named."""
        text = "from,value\n2024-07-01T00:00Z,1\n2024-07-01 01:00,2\n"
        error = refusal(text)

        assert "line 3: '2024-07-01 01:00' names no time zone" in error.message
        assert "--zone" in (error.hint or "")
        assert [row[1] for row in rows(read(text, zone=LONDON))] == [
            "2024-07-01T00:00:00Z",
            "2024-07-01T00:00:00Z",
        ]

    def test_clock_put_back(self) -> None:
        """A local time that comes twice is the first and then the second of the two."""
        times = ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"]
        text = "from,value\n" + "".join(f"2024-10-27 {time},1\n" for time in times)

        assert [row[1][11:16] for row in rows(read(text, zone=LONDON))] == [
            "23:30",
            "00:00",
            "00:30",
            "01:00",
            "01:30",
            "02:00",
        ]

    def test_twice_but_once(self) -> None:
        """A local time that could be either of two and comes once is refused."""
        found = read("from,value\n2024-10-27 01:30,1\n2024-10-27 02:00,1\n", zone=LONDON)

        assert found.refused == [Refusal(2, "the time is there twice in Europe/London")]
        assert len(rows(found)) == 1

    def test_clock_put_forward(self) -> None:
        """A local time that never was is refused."""
        found = read("from,value\n2024-03-31 01:30,1\n", zone=LONDON)

        assert found.refused == [Refusal(2, "'2024-03-31 01:30' does not exist in Europe/London")]

    def test_utc_heading(self) -> None:
        """A heading that says UTC needs no zone, and another zone does not change it."""
        assert rows(read("from_utc,value\n2024-07-01 00:00,1\n", zone=LONDON))[0][1] == (
            "2024-07-01T00:00:00Z"
        )

    @given(
        st.lists(
            st.datetimes(
                datetime.fromisoformat("1975-01-01"), datetime.fromisoformat("2037-01-01")
            ).map(lambda moment: moment.replace(second=0, microsecond=0)),
            unique=True,
            min_size=1,
        ),
        st.sampled_from(["Europe/London", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    )
    def test_any_local_time(self, moments: list[datetime], name: str) -> None:
        """Every local time that exists once is the instant that the zone database says."""
        zone = ZoneInfo(name)
        text = "from,value\n" + "".join(f"{moment},1\n" for moment in moments)
        known = {
            moment: {from_datetime(moment.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)}
            for moment in moments
        }
        found = read(text, zone=zone)
        expected = [instants.pop() for instants in known.values() if len(instants) == 1]

        assert expected == found.table["ts"].to_pylist()
        assert found.refused_count == len(moments) - len(expected)


class TestTimes:
    @pytest.mark.parametrize(
        ("text", "instant"),
        [
            ("2024-01-31", "2024-01-31T00:00:00Z"),
            ("2024-01-31T06:30Z", "2024-01-31T06:30:00Z"),
            ("2024-01-31 06:30:15.25+0530", "2024-01-31T01:00:15.25Z"),
            (" 2024-01-31T06:30:15,123456789Z ", "2024-01-31T06:30:15.123456Z"),
            ("2024-01-31+01:00", "2024-01-30T23:00:00Z"),
        ],
    )
    def test_forms(self, text: str, instant: str) -> None:
        """ISO 8601 in its usual forms is read, with offsets and fractions."""
        assert rows(read(f'from,value\n"{text}",1\n', zone=ZoneInfo("UTC")))[0][1] == instant

    @pytest.mark.parametrize(
        "text", ["31.01.2024 00:00", "01/02/2024", "2024-13-01", "2024-01-01T25:00Z", "x", "", "7"]
    )
    def test_refused(self, text: str) -> None:
        """Other forms and days that do not exist are refused by line."""
        found = read(f"from,value\n2024-01-01,1\n{text},1\n", zone=ZoneInfo("UTC"))

        assert [refused.line for refused in found.refused] == [3]
        assert len(rows(found)) == 1

    def test_parquet_local(self, tmp_path: Path) -> None:
        """Timestamps without zone and dates in Parquet need a zone too."""
        path = tmp_path / "a.parquet"
        pq.write_table(pa.table({"date": pa.array([0], pa.timestamp("s")), "value": [1]}), path)

        assert rows(read_readings(path, zone=LONDON))[0][1] == "1969-12-31T23:00:00Z"
        with pytest.raises(BadFile, match="names no time zone"):
            read_readings(path)

    def test_parquet_numbers(self, tmp_path: Path) -> None:
        """Plain numbers are no times."""
        path = tmp_path / "a.parquet"
        pq.write_table(pa.table({"time": [1], "value": [1]}), path)

        with pytest.raises(BadFile, match="plain numbers"):
            read_readings(path)


class TestDecimals:
    def value(self, text: str, **options: Any) -> float | None:
        found = read(f"from;value\n2024-01-01T00:00Z;{text}\n", **options)
        assert not found.refused, found.refused
        number: float | None = found.table["value"][0].as_py()
        return number

    @pytest.mark.parametrize(
        ("text", "decimal", "number"),
        [
            ("1.5", None, 1.5),
            ("+.5e3", None, 500.0),
            ("-7", None, -7.0),
            ("1.234,5", ",", 1234.5),
            ("1.234", ",", 1234.0),
            ("-0,25", ",", -0.25),
            ("1,5E+03", ",", 1500.0),
            ("1,234.5", ".", 1234.5),
            ("1.234", ".", 1.234),
            ("NA", None, None),
            ("n/a", ",", None),
        ],
    )
    def test_named(self, text: str, decimal: str | None, number: float | None) -> None:
        """Once the sign is named, grouping signs are understood too."""
        assert self.value(text, decimal=decimal) == number

    @pytest.mark.parametrize("text", ["1.234,5", "1,5", "1,234.5", "1,234", "1.234"])
    def test_unclear(self, text: str) -> None:
        """What could be read in two ways is refused, naming the line."""
        error = refusal(f"from;value\n2024-01-01T00:00Z;7\n2024-01-01T01:00Z;{text}\n")

        assert f"line 3: the decimal sign of '{text}' is not clear" in error.message
        assert "--decimal" in (error.hint or "")

    def test_quoted_comma(self) -> None:
        """A comma in a quoted cell is no clearer."""
        assert "not clear" in refusal('from,value\n2024-01-01T00:00Z,"1,5"\n').message

    def test_three_decimals(self) -> None:
        """Three digits after a point are decimals where other numbers of the file show it."""
        rest = "2024-01-01T01:00Z;0.5\n"

        assert len(rows(read(f"from;value\n2024-01-01T00:00Z;1.234\n{rest}"))) == 2
        assert len(rows(read("from,value\n2024-01-01T00:00Z,1.234\n"))) == 1

    @pytest.mark.parametrize(
        "text", ["abc", "1.2.3", "0x10", "1e999", "inf", "NaN", "nan", "1 000", "١"]
    )
    def test_no_number(self, text: str) -> None:
        """What is no finite number is refused by line."""
        found = read(f"from;value\n2024-01-01T00:00Z;{text}\n")

        assert found.refused == [Refusal(2, f"'{text}' is not a finite number")]

    def test_named_wrongly(self) -> None:
        """Only point and comma are decimal signs."""
        with pytest.raises(BadValue, match="decimal"):
            read("from,value\n", decimal="'")


class TestRefusals:
    def test_rows(self) -> None:
        """Every row that cannot be taken is named by line with the reason; the others stay."""
        found = read(
            "series,from,value,flag\n"
            "A,2024-01-01T00:00Z,1\n"
            "A,yesterday,1,9\n"
            '"A",2024-01-01T00:00Z,one,9\n'
            " ,2024-01-01T00:00Z,1,9\n"
            "A,2024-01-01T00:00Z,1,8\n"
            '"A\n",2024-01-01T00:00Z,1,9\n'
            "A,bad,1,9\n"
        )

        assert found.refused == [
            Refusal(2, "has 3 cells, the first line has 4"),
            Refusal(3, "'yesterday' is not a time"),
            Refusal(4, "'one' is not a finite number"),
            Refusal(5, "names no series"),
            Refusal(6, "'8' is not a flag"),
            Refusal(9, "'bad' is not a time"),
        ]
        assert found.table["line"].to_pylist() == [7]

    def test_json_rows(self) -> None:
        """Lines that are no objects are named too, also before the first object."""
        found = read(
            'oops\n{"from":"2024-01-01T00:00Z","value":1}\n[1]\n{"from":[1]}\n'.replace(
                "oops", "{oops"
            )
        )

        assert [refused.line for refused in found.refused] == [1, 3, 4]
        assert len(rows(found)) == 1

    def test_json_flag_on_a_later_line(self) -> None:
        """A flag may be left out on any line, also on the first; the reading is valid then."""
        found = read(
            '{"from":"2024-01-01T00:00Z","value":1}\n'
            '{"from":"2024-01-01T01:00Z","value":2,"flag":21}\n'
            '{"from":"2024-01-01T02:00Z","value":3}\n'
        )

        assert not found.refused
        assert [row[2:] for row in rows(found)] == [(1.0, 9), (2.0, 21), (3.0, 9)]

    def test_wide_cell(self) -> None:
        """In a wide file the column is named as well, and the other cells of the row stay."""
        found = read("from,A,B\n2024-01-01T00:00Z,x,1\n")

        assert found.refused == [Refusal(2, "'x' in 'A' is not a finite number")]
        assert [row[0] for row in rows(found)] == ["B"]

    def test_many(self) -> None:
        """Endless refusals are counted, not all listed."""
        found = read("from,value\n" + "x,1\n" * 3000)

        assert (found.refused_count, len(found.refused)) == (3000, 1000)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "no column of times"),
            ("value\n1\n", "no column of times"),
            ("from\n2024-01-01\n", "no column of numbers"),
            ("from,A,A\n2024-01-01,1,2\n", "2 columns are called 'A'"),
            ('from,value\n2024-01-01,"1\n', "line 2: unexpected end of data"),
            ("{}", "no column of times"),
            ('{"from":\n', "no line holds a JSON object"),
            ('[{"from":"2024-01-01","value":1}]', "one JSON list"),
            ("PAR1 but not really", "no Parquet file"),
            ("PK\x03\x04", "Excel"),
        ],
    )
    def test_files(self, text: str, why: str) -> None:
        """A file that cannot be taken at all says why, and what to do."""
        error = refusal(text)

        assert why in error.message
        assert error.hint

    def test_other_encodings(self) -> None:
        """Text that is not UTF-8 is refused with what to do."""
        with pytest.raises(BadFile, match="not UTF-8") as caught:
            read_readings(io.BytesIO("from,Straße\n2024-01-01,1\n".encode("latin-1")))

        assert caught.value.hint == "save the file as UTF-8"

    def test_no_file(self, tmp_path: Path) -> None:
        """A file that is not there is named."""
        with pytest.raises(BadFile, match="no such file"):
            read_readings(tmp_path / "none.csv")

    @given(st.binary(max_size=200) | st.text(alphabet='from,value;"\n20-1T:Z.{}[]', max_size=200))
    def test_any_bytes(self, data: bytes | str) -> None:
        """Any bytes are read or refused, and nothing else happens."""
        stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
        try:
            found = read_readings(stream, zone=LONDON)
        except BadFile:
            return
        assert found.table.num_rows >= 0


class TestStreams:
    def test_pipe(self) -> None:
        """A pipe is read, Parquet included."""
        table = pa.table({"time": pa.array([0], pa.timestamp("us")), "value": [1.0]})
        data = io.BytesIO()
        pq.write_table(table, data)
        readable, writable = os.pipe()

        def feed() -> None:
            with os.fdopen(writable, "wb") as stream:
                stream.write(data.getvalue())

        feeder = threading.Thread(target=feed)
        feeder.start()
        with os.fdopen(readable, "rb") as stream:
            found = read_readings(stream, zone=LONDON)
        feeder.join()

        assert len(rows(found)) == 1

    def test_byte_order_mark(self) -> None:
        """A byte order mark is no part of the first name."""
        assert len(rows(read("\ufefffrom,value\n2024-01-01T00:00Z,1\n"))) == 1
        assert len(rows(read('\ufeff{"from":"2024-01-01T00:00Z","value":1}\n'))) == 1

    def test_memory(self, tmp_path: Path) -> None:
        """Memory grows with the readings, not with the text of the file."""
        path = tmp_path / "long.csv"
        start = datetime.fromisoformat("2024-01-01")
        with path.open("w") as stream:
            stream.write("series,from,value,comment\n")
            for row in range(30_000):
                moment = start + timedelta(minutes=row)
                stream.write(f"A,{moment.isoformat()}Z,{row},{'long ' * 200}\n")
        tracemalloc.start()
        found = read_readings(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert found.table.num_rows == 30_000
        assert peak < path.stat().st_size


class TestErddap:
    TEXT = (
        "station,time,latitude,sea_water_temperature,depth,qc\n"
        ",UTC,degrees_north,degree_C,m,\n"
        "46146,2024-01-01T00:00:00Z,49.34,8.25,0.5,1\n"
        "46146,2024-01-01T01:00:00Z,49.34,NaN,0.5,9\n"
    )

    def test_measured(self) -> None:
        """The line of units is recognised: measured variables come with units, in UTC."""
        found = read(self.TEXT)

        assert rows(found) == [
            ("sea_water_temperature", "2024-01-01T00:00:00Z", 8.25, 9),
            ("sea_water_temperature", "2024-01-01T01:00:00Z", None, 19),
        ]
        assert found.units == {"sea_water_temperature": "degree_C"}
        assert found.table["line"].to_pylist() == [3, 4]

    def test_missing_with_units_in_names(self) -> None:
        """`NaN` is ERDDAP's mark for missing in both of its forms."""
        found = read("time (UTC),temperature (degree_C)\n2024-01-01T00:00:00Z,NaN\n")

        assert rows(found) == [("temperature", "2024-01-01T00:00:00Z", None, 19)]

    def test_asked(self) -> None:
        """A coordinate is taken where it is asked for."""
        found = read(self.TEXT, columns=["depth", "qc"])

        assert sorted({row[0] for row in rows(found)}) == ["depth", "qc"]

    def test_units_in_names(self) -> None:
        """The form with units in the headings is the same."""
        found = read("time (UTC),temperature (degree_C)\n2024-01-01T00:00:00Z,8.5\n")

        assert rows(found) == [("temperature", "2024-01-01T00:00:00Z", 8.5, 9)]
        assert found.units == {"temperature": "degree_C"}


class TestEnvironmentCanada:
    TEXT = (
        '\ufeff"Longitude (x)","Latitude (y)","Station Name","Climate ID","Date/Time (LST)",'
        '"Year","Month","Day","Time (LST)","Flag","Temp (°C)","Temp Flag",'
        '"Precip. Amount (mm)","Precip. Amount Flag","Hmdx","Hmdx Flag","Weather"\n'
        '"-123.18","49.19","VANCOUVER","1108395","2024-07-01 00:00","2024","07","01","00:00","",'
        '"14.2","","","M","","","Clear"\n'
        '"-123.18","49.19","VANCOUVER","1108395","2024-07-01 01:00","2024","07","01","01:00","",'
        '"13.9","E","0.2","","25","","NA"\n'
    )

    def test_hourly(self) -> None:
        """Quantities with marks are series; M is missing, E estimated, standard time all year."""
        found = read(self.TEXT, zone=ZoneInfo("America/Vancouver"))

        assert rows(found) == [
            ("Temp", "2024-07-01T08:00:00Z", 14.2, 9),
            ("Temp", "2024-07-01T09:00:00Z", 13.9, 21),
            ("Precip. Amount", "2024-07-01T08:00:00Z", None, 19),
            ("Precip. Amount", "2024-07-01T09:00:00Z", 0.2, 9),
            ("Hmdx", "2024-07-01T09:00:00Z", 25.0, 9),
        ]
        assert found.units == {"Temp": "°C", "Precip. Amount": "mm"}

    def test_zone(self) -> None:
        """The standard time of which zone has to be named."""
        error = refusal(self.TEXT)

        assert "names no time zone" in error.message
        assert "station" in (error.hint or "")

    def test_no_clock_change(self) -> None:
        """The hour that summer time skips exists in standard time."""
        text = self.TEXT.replace("2024-07-01 01:00", "2024-03-10 02:30")
        found = read(text, zone=ZoneInfo("America/Vancouver"), columns=["Temp"])

        assert found.table["ts"].to_pylist()[1] == parse("2024-03-10T10:30:00Z")
        assert found.table["ts"].to_pylist()[0] == parse("2024-07-01T07:00:00Z") + HOUR
