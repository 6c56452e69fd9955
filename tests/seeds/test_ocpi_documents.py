"""What the original description asks of the documents, and of exports as a whole."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.conftest import Ran, tidegate
from tests.seeds.ocpi_export import logged_in

from tidegate.cli import run
from tidegate.formats.records import RecordFormat

__all__ = ["Ran", "tidegate"]

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PURPOSE = (ROOT / "docs" / "sharing-charging-data.md").read_text(encoding="utf-8")
RECIPES = (ROOT / "docs" / "ocpi-recipes.md").read_text(encoding="utf-8")

PIPELINE = (
    "tidegate ocpi get --privacy-pass start_datetime,end_datetime sessions | jq -s"
    ' \'map(select(has("end_datetime")) | (.end_datetime | fromdate)'
    " - (.start_datetime | fromdate)) | add / length'"
)
"""The pipeline of the original description, under the name of this program."""


def test_o1_scripted_exports_in_any_format(tmp_path, monkeypatch, tidegate):
    """Without a prompt, each format is a file of its own for the consumer; none is personal."""
    with logged_in(tmp_path / "store", monkeypatch, sessions=5) as standin:
        for form in RecordFormat:
            file = tmp_path / f"sessions.{form}"
            tidegate("ocpi", "get", "sessions", "--out", str(file))
            assert file.stat().st_size > 100
            assert b"contract_id" in file.read_bytes() or form in {"parquet", "xlsx"}
        assert len(standin.log) == len(RecordFormat)


def test_o28_the_purpose_is_documented(capsys):
    """A page linked from the README says for whom, why and on what legal ground; commands exist."""
    assert "docs/sharing-charging-data.md" in README
    for word in ("architect", "purpose", "GDPR", "Article 25", "does not authorise"):
        assert word.lower() in PURPOSE.lower()
    named = set(re.findall(r"`tidegate ([a-z]+(?: [a-z]+)?)", PURPOSE))
    assert named
    for words in named:
        assert run(["help", *words.split()]) == 0, words
    assert "Usage: tidegate" in capsys.readouterr().out


def test_o37_recipes_for_jq_begin_with_the_original_one():
    """The page is linked from the README; its first pipeline is the one of the description."""
    assert "docs/ocpi-recipes.md" in README
    blocks = re.findall(r"^```sh ?[\d.]*\n(.*?)^```$", RECIPES, re.MULTILINE | re.DOTALL)
    pipelines = [block.strip() for block in blocks if "jq" in block]
    assert pipelines[0] == PIPELINE
    assert len(pipelines) > 5
