"""A changed workbook and its log: every line of the description of merges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tidegate.model.errors import BadValue
from tidegate.model.instants import DAY, parse
from tidegate.plans.date_pieces import Split
from tidegate.plans.definitions import Configuration, Definition
from tidegate.plans.log import ACTIVE, COMPLETE, DISABLED, PENDING, REMOVED, Log
from tidegate.plans.merging import merge
from tidegate.plans.naming import check_layout, folder_of, safe_name

BEGIN = parse("2020-01-01")


def row(**changes: Any) -> Definition:
    fields: dict[str, Any] = {
        "row_id": "one",
        "tab": "By Device",
        "download": True,
        "filters": {"deviceCode": "D", "dataProductCode": "AD", "extension": "wav"},
        "options": {},
        "begin": BEGIN,
        "end": BEGIN + 4 * DAY,
    }
    return Definition(**{**fields, **changes})


def setting(split: Split = Split.DAY) -> Configuration:
    return Configuration(download_folder=Path(), log_file=Path("x.json"), split=split)


@pytest.fixture
def log() -> Log:
    """Four days, of which the first two are complete."""
    log = Log()
    merge(log, [row()], setting())
    for task in log.definitions[0].tasks[:2]:
        task.status = COMPLETE
    return log


def states(log: Log, number: int = 0) -> list[tuple[str, str]]:
    return [(task.date_from[8:10], task.status) for task in log.definitions[number].tasks]


def test_an_unchanged_workbook_changes_nothing(log: Log) -> None:
    before = states(log)
    merged = merge(log, [row()], setting())
    assert (merged.definitions_added, merged.tasks_added, merged.tasks_disabled) == (0, 0, 0)
    assert states(log) == before


def test_a_new_row_is_added(log: Log) -> None:
    other = row(row_id="two", filters={**row().filters, "deviceCode": "E"})
    merged = merge(log, [row(), other], setting())
    assert (merged.definitions_added, merged.tasks_added) == (1, 4)


def test_download_off_and_on(log: Log) -> None:
    merge(log, [row(download=False)], setting())
    assert log.definitions[0].state == DISABLED
    assert [state for _, state in states(log)] == [COMPLETE, COMPLETE, PENDING, PENDING]
    merge(log, [row()], setting())
    assert log.definitions[0].state == ACTIVE


def test_a_changed_option_is_another_definition(log: Log) -> None:
    merged = merge(log, [row(options={"dpo_hydrophoneChannel": "H1"})], setting())
    assert (merged.definitions_added, merged.definitions_removed) == (1, 1)
    assert [one.state for one in log.definitions] == [REMOVED, ACTIVE]
    assert states(log)[0] == ("01", COMPLETE)


def test_a_longer_range_asks_for_what_it_lacks(log: Log) -> None:
    merged = merge(log, [row(end=BEGIN + 6 * DAY)], setting())
    assert merged.tasks_added == 2
    assert [state for _, state in states(log)] == [COMPLETE] * 2 + [PENDING] * 4


def test_a_shorter_range_disables_what_lies_outside(log: Log) -> None:
    merge(log, [row(end=BEGIN + 3 * DAY)], setting())
    assert [state for _, state in states(log)] == [COMPLETE, COMPLETE, PENDING, DISABLED]
    merge(log, [row()], setting())
    assert [state for _, state in states(log)] == [COMPLETE, COMPLETE, PENDING, PENDING]


def test_another_split_cuts_the_rest_anew(log: Log) -> None:
    merge(log, [row()], setting(Split.ALL))
    assert [state for _, state in states(log)] == [COMPLETE, COMPLETE, PENDING]
    assert log.definitions[0].tasks[2].window.length == 2 * DAY


def test_a_deleted_row_is_kept_as_removed(log: Log) -> None:
    merge(log, [], setting())
    assert log.definitions[0].state == REMOVED
    assert len(log.definitions[0].tasks) == 4


@pytest.mark.parametrize(
    ("name", "stored"),
    [("A 2.csv", "A 2.csv"), ("ab:c?.csv", "ab_c_.csv"), ("NUL.txt", "_NUL.txt"), ("x. ", "x")],
)
def test_names_are_made_safe_for_every_system(name: str, stored: str) -> None:
    assert safe_name(name) == stored


def test_a_layout_gives_folders() -> None:
    filters = {"locationCode": "A.B", "dataProductCode": "AD"}
    assert folder_of("{location}/{category}/{yyyy}/{mm}", filters, BEGIN) == "A.B/2020/01"
    for wrong in ("../{location}", "/x", "{what}", "{location", "C:/x"):
        with pytest.raises(BadValue):
            check_layout(wrong)
