"""Repositories over REST."""

from __future__ import annotations

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
