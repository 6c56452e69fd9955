"""`tidegate repositories` as users type it."""

from __future__ import annotations


def test_a_repository_has_a_zone(tidegate):
    """It is made, shown and changed by the command; an unknown zone is refused."""
    tidegate("repositories", "create", "plant", "--zone", "Europe/Vienna")
    rows = tidegate("repositories", "list", "--json").rows
    assert rows == [{"name": "main", "zone": "UTC"}, {"name": "plant", "zone": "Europe/Vienna"}]
    told = tidegate("repositories", "change", "plant", "--zone", "Europe/Rome")
    assert "Europe/Rome" in told.err
    assert tidegate("repositories", "list", "--json").rows[1]["zone"] == "Europe/Rome"
    refused = tidegate("repositories", "change", "plant", "--zone", "Atlantis", check=False)
    assert refused.code == 2
    assert "Atlantis" in refused.err


def test_times_of_commands_are_local(tidegate, tmp_path):
    """What is assigned and read without zone is in the zone of the repository."""
    plant = ("--repository", "plant")
    tidegate("repositories", "create", "plant", "--zone", "Europe/Vienna")
    tidegate("series", "create", "a", "--interval", "hour", *plant)
    tidegate("attributes", "create", "Supplier", *plant)
    tidegate(
        "attributes", "assign", "Supplier", "AT1", "--at", "2024-07-01", "--series", "a", *plant
    )
    (row,) = tidegate("attributes", "show", "a", "--json", *plant).rows
    assert row["from"] == "2024-06-30T22:00:00Z"
    file = tmp_path / "a.csv"
    file.write_text("from,value\n2024-07-01T00:00:00,1\n")
    tidegate("write", "a", str(file), *plant)
    asked = ("--from", "2024-07-01", "--to", "2024-07-01T01:00", "--json", *plant)
    (row,) = tidegate("read", "a", *asked).rows
    assert row["from"] == "2024-06-30T22:00:00Z"
