"""Writing from files: rows that a series cannot take, and series made for a file."""

from __future__ import annotations

import pytest

from tidegate.model.errors import BadFile, NotFound, StoreError
from tidegate.services.opened import Store


@pytest.fixture
def opened(tmp_path):
    """A store with an hourly series, a daily one of London and a spontaneous one."""
    with Store.open(tmp_path / "store") as opened:
        opened.create_series("Hall", unit="kWh", interval="hour")
        opened.create_series("Days", unit="kWh", interval="day", zone="Europe/London")
        opened.create_series("Tank", unit="m")
        yield opened


@pytest.fixture
def file(tmp_path):
    """A file of long readings, from lines."""

    def written(*lines: str, names: str = "series,from,value"):
        path = tmp_path / "readings.csv"
        path.write_text("\n".join([names, *lines, ""]))
        return path

    return written


def test_readings_beside_the_raster_are_refused_by_line(opened, file):
    """A reading that begins no step of its series refuses the file, whole."""
    path = file("Hall,2024-07-01T00:00Z,1", "Hall,2024-07-01T00:30Z,2", "Tank,2024-07-01T00:30Z,3")

    with pytest.raises(BadFile, match="1 of its rows") as refused:
        opened.write(path)
    assert "line 3: 2024-07-01T00:30:00Z is not on the raster of 'Hall', hour" in str(refused.value)
    assert opened.status().readings == 0


def test_the_raster_follows_the_zone_of_the_series(opened, file):
    """Days begin at the midnight of the series' zone, in summer an hour before that of UTC."""
    opened.write(file("Days,2024-06-30T23:00Z,1", "Days,2024-01-01T00:00Z,1"))

    with pytest.raises(BadFile, match="line 2"):
        opened.write(file("Days,2024-07-01T00:00Z,1"))


def test_instants_given_twice_are_refused_by_line(opened, file):
    """Rows of one series and instant are refused, all of them, however they name the series."""
    (hall,) = opened.series("Hall")
    rows = ("Hall,2024-07-01T00:00Z,1", "Tank,2024-07-01T00:00Z,1", "Hall,2024-07-01T01:00+01:00,1")

    with pytest.raises(BadFile, match="2 of its rows") as refused:
        opened.write(file(*rows))
    assert "line 2: 'Hall' has 2024-07-01T00:00:00Z more than once; line 4" in str(refused.value)
    with pytest.raises(BadFile, match="line 3"):
        opened.write(file(rows[0], f"{hall.id},2024-07-01T00:00Z,2"))
    assert opened.status().readings == 0


@pytest.mark.parametrize("second", ["2024-07-01T00:30Z,2", "2024-07-01T00:00Z,2"])
def test_a_refused_file_makes_no_series(opened, file, second):
    """New series are made only when every row can be taken."""
    path = file("New,2024-07-01T00:00Z,1", f"New,{second}")

    with pytest.raises(BadFile):
        opened.write(path, create=True, interval="hour")
    assert [one.name for one in opened.series()] == ["Hall", "Days", "Tank"]


def test_series_made_for_a_write_that_fails_go_again(opened, file, monkeypatch):
    """A store that cannot take the readings is left without the series made for them."""

    def full(*_args, **_options):
        raise StoreError("no space left")

    monkeypatch.setattr(opened.verbs, "merge_readings", full)

    with pytest.raises(StoreError):
        opened.write(file("New,2024-07-01T00:00Z,1", "Hall,2024-07-01T00:00Z,1"), create=True)
    assert [one.name for one in opened.series()] == ["Hall", "Days", "Tank"]


def test_names_with_wildcards_mean_themselves(opened, file):
    """A name with `_` in a file is no pattern: it neither fills nor fails on another series."""
    with pytest.raises(NotFound, match="'Ha_l'"):
        opened.write(file("Ha_l,2024-07-01T00:00Z,1"))
    opened.write(file("Ha_l,2024-07-01T00:00Z,1"), create=True)
    opened.write(file("Ha_l,2024-07-01T01:00Z,2"))

    assert opened.read("Hall")["value"].to_pylist() == []
    assert len(opened.series()) == 4
