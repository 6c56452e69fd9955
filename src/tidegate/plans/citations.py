"""How the data of a plan are to be cited: as text, as BibTeX, and as JSON with where it is from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.plans.journal import write_whole
from tidegate.plans.log import COMPLETE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tidegate.model.products import ArchiveFile, Citation, Stay
    from tidegate.model.windows import Window
    from tidegate.plans.log import Log

_YEAR: Final = re.compile(r"\b(1[89]|20)\d\d\b")
_SPECIAL: Final = re.compile(r"([&%$#_{}])")


def citations_of_files(
    files: Iterable[ArchiveFile], stays: Sequence[Stay], window: Window
) -> list[Citation]:
    """The citations of the stays that files come from, each once, in the order of the stays.

    Args:
        files: of an archive; one without times is taken to reach over the whole window.
        stays: of the instruments that they may come from.
        window: that was asked for.
    """
    spans = {(file.device, file.window or window) for file in files}
    return [
        stay.citation
        for stay in stays
        if stay.citation is not None
        and any(
            device in {None, stay.device}
            and span.start < stay.window.end
            and max(span.end, span.start + 1) > stay.window.start
            for device, span in spans
        )
    ]


def citations(log: Log) -> list[dict[str, Any]]:
    """Every citation of what came, once, by its text."""
    found: dict[str, dict[str, Any]] = {}
    for _, task in log.tasks():
        if task.status == COMPLETE:
            for one in task.citations:
                found.setdefault(one.get("citation") or "", one)
    return [found[text] for text in sorted(found) if text]


def as_text(log: Log) -> str:
    """A citation a line, with its DOI."""
    lines = []
    for one in citations(log):
        text, doi = one["citation"].strip(), one.get("doi")
        lines.append(f"{text} https://doi.org/{doi}" if doi and doi not in text else text)
    return "".join(f"{line}\n" for line in lines)


def as_bibtex(log: Log) -> str:
    """An `@misc` entry for each citation."""
    entries = []
    for number, one in enumerate(citations(log), start=1):
        text = one["citation"].strip()
        author, _, rest = text.partition(". ")
        year = _YEAR.search(text)
        fields = {
            "author": "{" + _escaped(author) + "}",
            "title": _escaped(_YEAR.sub("", rest, count=1).strip(" .") or author),
            "year": year[0] if year else None,
            "doi": one.get("doi"),
            "url": one.get("landing_page"),
        }
        listed = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
        key = re.sub(r"\W+", "", one.get("doi") or "") or str(number)
        entries.append("@misc{data" + key + ",\n" + ",\n".join(listed) + "\n}\n")
    return "\n".join(entries)


def provenance(log: Log, address: str) -> dict[str, Any]:
    """Where the data of a plan come from: citations, filters, orders, runs, messages."""
    return {
        "source": address,
        "citations": [
            {
                "citation": one["citation"],
                "identifier": {"identifier": one.get("doi"), "identifierType": "DOI"},
                "landingPage": one.get("landing_page"),
                "query": one.get("query"),
            }
            for one in citations(log)
        ],
        "requests": [
            {
                "filters": definition.filters,
                "dateFrom": task.date_from,
                "dateTo": task.date_to,
                "route": task.route,
                "dpRequestId": task.dp_request_id or None,
                "dpRunIds": [run.dp_run_id for run in task.runs if run.dp_run_id],
                "requestedAt": task.requested_at or task.asked_at,
                "messages": [*task.messages, *(text for run in task.runs for text in run.messages)],
                "files": [entry.path for entry in task.files() if entry.status == COMPLETE],
            }
            for definition, task in log.tasks()
            if task.status == COMPLETE
        ],
    }


def write_citations(stem: Path, log: Log, address: str) -> None:
    """Write `STEM.citations.txt`, `STEM.citations.bib` and `STEM.provenance.json`.

    Raises:
        DiskFull, StoreError: they cannot be written.
    """
    write_whole(stem.with_name(f"{stem.name}.citations.txt"), as_text(log).encode())
    write_whole(stem.with_name(f"{stem.name}.citations.bib"), as_bibtex(log).encode())
    told = msgspec.json.format(msgspec.json.encode(provenance(log, address)), indent=1)
    write_whole(stem.with_name(f"{stem.name}.provenance.json"), told)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
