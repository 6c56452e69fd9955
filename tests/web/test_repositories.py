"""Repositories over REST."""

from __future__ import annotations

from dataclasses import replace

import pytest


def test_a_new_store_has_main(rita):
    """Everybody who is known may see the names of repositories; at first there is `main`."""
    assert rita.get("/api/repositories").json() == ["main"]


def test_a_repository_comes_and_goes(max_):
    """An administrator creates a repository and removes it while it has no series."""
    answer = max_.post("/api/repositories", {"Name": "Werk 2"})
    assert (answer.status, answer.json()) == (201, {"Name": "Werk 2"})
    assert answer.headers["location"] == "/api/repositories/Werk%202"
    assert max_.get("/api/repositories").json() == ["Werk 2", "main"]
    assert len(max_.get(answer.headers["location"] + "/units").json()) == 18
    max_.post(answer.headers["location"] + "/timeseries", {"Name": "a"})
    assert max_.delete(answer.headers["location"]).status == 409
    max_.delete(answer.headers["location"] + "/timeseries/a")
    assert max_.delete(answer.headers["location"]).status == 204
    assert max_.get("/api/repositories").json() == ["main"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"Name": "main"}, 409),
        ({"Name": ""}, 400),
        ({"Name": "a/b"}, 400),
        ({}, 400),
        ({"Name": None}, 400),
    ],
)
def test_bad_repositories_are_refused(shared, body, status):
    """A name must be free, not blank and without a slash."""
    assert shared.post("/api/repositories", body).status == status
    assert shared.get("/api/repositories").json() == ["main"]


def test_main_stays(max_):
    """The repository `main` cannot be removed; one that is not there is 404."""
    assert max_.delete("/api/repositories/main").status == 409
    assert max_.delete("/api/repositories/nowhere").status == 404


def test_only_administrators_create_and_remove(wanda, store):
    """A writer is refused."""
    assert wanda.post("/api/repositories", {"Name": "b"}).status == 403
    store.create_repository("c")
    assert wanda.delete("/api/repositories/c").status == 403


def test_series_numbers_are_unique_per_repository(max_):
    """The same ID means different series in different repositories."""
    max_.post("/api/repositories", {"Name": "plant"})
    assert max_.post("timeseries", {"ID": 15, "Name": "here"}).status == 201
    assert (
        max_.post("/api/repositories/plant/timeseries", {"ID": 15, "Name": "there"}).status == 201
    )
    assert max_.get("timeseries/15").json()["Name"] == "here"
    assert max_.get("/api/repositories/plant/timeseries/15").json()["Name"] == "there"


@pytest.fixture
def plant(max_):
    """Speaks to the repository `plant`, which is in Vienna."""
    answer = max_.post("/api/repositories", {"Name": "plant", "Zone": "Europe/Vienna"})
    assert (answer.status, answer.json()) == (201, {"Name": "plant", "Zone": "Europe/Vienna"})
    return replace(max_, repository="plant")


def test_a_repository_tells_and_changes_its_zone(plant, rita):
    """Readers see it, administrators change it, an unknown one is refused."""
    path = "/api/repositories/plant"
    assert rita.get(path).json() == {"Name": "plant", "Zone": "Europe/Vienna"}
    assert rita.get("/api/repositories/main").json() == {"Name": "main", "Zone": "UTC"}
    assert plant.put(path, {"Zone": "Europe/Rome"}).json()["Zone"] == "Europe/Rome"
    assert plant.put(path, {"Zone": "Europe/Atlantis"}).status == 400
    assert rita.put(path, {"Zone": "UTC"}).status == 403
    assert rita.get(path).json()["Zone"] == "Europe/Rome"
    assert rita.get("/api/repositories/nowhere").status == 404


def test_points_without_zone_are_local_times(plant):
    """What is written as and asked for by local time is a UTC instant an hour or two before."""
    definition = plant.post("timeseries", {"Name": "a", "Interval": {"Value": "Day"}}).json()
    assert definition["TimeZone"] == "Europe/Vienna"
    days = [{"From": f"2024-03-{day}T00:00:00", "Value": 1} for day in (30, 31)]
    assert plant.post("timeseries/a/data", {"Data": days}).json() == {
        "Count": 2,
        "From": "2024-03-29T23:00:00Z",
        "To": "2024-03-30T23:00:00Z",
    }
    read = plant.get("timeseries/a/data?from=2024-03-31&to=2024-04-01").json()["Data"]
    assert [point["From"] for point in read] == ["2024-03-30T23:00:00Z"]
    utc = plant.get("timeseries/a/data?from=2024-03-31T00:00:00Z&to=2024-04-01T00:00:00Z").json()
    touched = [point["From"] for point in utc["Data"]]
    assert touched == ["2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"]
    assert plant.delete("timeseries/a/data?from=2024-03-31&to=2024-04-01").status == 204
    read = plant.get("timeseries/a/data?from=2024-03-30&to=2024-04-01").json()["Data"]
    assert [point["Flag"] for point in read] == [9, 19]


def test_sums_and_calculations_are_in_the_zone(plant):
    """The day of the clock change has 23 hours of one."""
    plant.post("timeseries", {"Name": "a", "Unit": "kWh", "Interval": {"Value": "Hour"}})
    hours = [
        {"From": f"2024-03-{30 + hour // 24}T{hour % 24:02}:00:00Z", "Value": 1}
        for hour in range(48)
    ]
    plant.post("timeseries/a/data", {"Data": hours})
    asked = "name=a&from=2024-03-31&to=2024-04-01&interval=day"
    (point,) = plant.get(f"timeseriescollections/data/sum?{asked}").json()["Data"]
    assert (point["From"], point["Value"]) == ("2024-03-30T23:00:00Z", 23)
    asked = "formula=a&alias=a:a&from=2024-03-31&to=2024-04-01&calculationInterval=hour"
    asked += "&interval=day&aggregation=Sum"
    (point,) = plant.get(f"calculations?{asked}").json()["Data"]
    assert (point["From"], point["Value"]) == ("2024-03-30T23:00:00Z", 23)


def test_instants_of_attributes_and_formulas_are_local(plant):
    """In a single object, an array, in bulk and in definitions."""
    local, meant = "2024-07-01T00:00:00", "2024-06-30T22:00:00Z"
    number = plant.post("attributes", {"Name": "Supplier", "Type": 2}).json()["ID"]
    given = {"AttributeID": number, "Values": {local: "AT1"}}
    plant.post("timeseries", {"Name": "a", "ID": 1, "Attributes": [given]})
    for body in (None, given, [given]):
        if body is not None:
            plant.post("timeseries/a/attributes", body)
        assert plant.get("timeseries/a/attributes").json()[0]["Values"] == {meant: "AT1"}
    path = f"timeseriescollections/attributes/{number}/values/2024-08-01"
    assert plant.put(path, [{"ID": 1, "Value": "AT2"}]).status == 204
    values = plant.get("timeseries/a/attributes").json()[0]["Values"]
    assert values == {meant: "AT1", "2024-07-31T22:00:00Z": "AT2"}
    formula = {"Name": "b", "Formula": {local: "1+1"}, "Interval": {"Value": "Hour"}}
    assert plant.post("timeseries", formula).json()["Formula"] == {meant: "1+1"}
    many = {"AttributeID": number, "Values": {f"{year}-07-01": "x" for year in range(1000, 3000)}}
    plant.put("timeseries/a/attributes", many)
    values = plant.get("timeseries/a/attributes").json()[0]["Values"]
    assert len(values) == 2000
    assert "2024-06-30T22:00:00Z" in values
