"""Pass lists as they are written."""

from __future__ import annotations

import pytest

from tidegate.gate.passlist import BadPassList, parse_pass_list, passes_everything


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("kwh", ("kwh",)),
        ("kwh, status", ("kwh", "status")),
        (" kwh ,,status,", ("kwh", "status")),
        ("a.b.c,a.b.c", ("a.b.c",)),
        (".", (".",)),
    ],
)
def test_white_space_empty_elements_and_repeats_are_ignored(
    text: str, paths: tuple[str, ...]
) -> None:
    assert parse_pass_list(text) == paths


@pytest.mark.parametrize("text", ["", " ", ",", " , ,"])
def test_a_list_that_names_nothing_is_an_error(text: str) -> None:
    with pytest.raises(BadPassList) as caught:
        parse_pass_list(text)
    assert caught.value.exit_code == 2


def test_the_path_of_everything_stands_alone() -> None:
    assert passes_everything(["."])
    assert not passes_everything(["kwh"])
    assert not passes_everything([])
    with pytest.raises(BadPassList, match=r"'\.' among other paths"):
        passes_everything([".", "kwh"])
