"""Names of options as older programs and their pages spell them, in any letter case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMAND: Final = ("onc", "createxls")
_OPTIONS: Final = (
    "--token",
    "--outPath",
    "--begin",
    "--end",
    "--append",
    "--file",
    "--downloadMethod",
    "--qa",
    "--locationCode",
    "--deviceCategoryCode",
    "--deviceCode",
    "--propertyCode",
    "--dataProductCode",
    "--extension",
)
_SPELLINGS: Final = {name.lower().lstrip("-"): name for name in _OPTIONS}


def respelled(words: Sequence[str]) -> list[str]:
    """The words of a command, with the options of `onc createXLS` in the spelling that it knows.

    `--outpath`, `--OutPath` and `--out-path` all become `--outPath`, with `=value` or without.
    """
    if tuple(word.lower() for word in words[:2]) != _COMMAND:
        return list(words)
    return ["onc", "createXLS", *map(_respelled, words[2:])]


def _respelled(word: str) -> str:
    if not word.startswith("--"):
        return word
    name, sign, value = word.partition("=")
    known = _SPELLINGS.get(name[2:].lower().replace("-", ""), name)
    return f"{known}{sign}{value}"
