"""Time zones by IANA and by Windows names."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from tidegate.model.errors import UnknownZone
from tidegate.model.instants import zone
from tidegate.model.zone_names import WINDOWS_ZONES


@pytest.mark.parametrize("name", sorted(WINDOWS_ZONES))
def test_every_windows_name_means_a_zone_of_the_database(name):
    """A common Windows name gives the zone of its main territory."""
    assert zone(name) is ZoneInfo(WINDOWS_ZONES[name])


def test_iana_names_mean_themselves():
    """An IANA name is never taken for a Windows one."""
    assert zone("Europe/Vienna").key == "Europe/Vienna"
    assert zone("W. Europe Standard Time").key == "Europe/Berlin"


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "Europe", "CET Standard"])
def test_what_is_no_zone_is_refused(name):
    """Unknown names, folders and paths are refused by name."""
    with pytest.raises(UnknownZone):
        zone(name)
