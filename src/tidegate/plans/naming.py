"""Names of files: what a server sent made safe, and the folders that a template asks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import BadValue, MalformedAnswer
from tidegate.model.instants import to_datetime

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORBIDDEN: Final = re.compile(r'[<>:"|?*\x00-\x1f]')
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST: Final = 200
"""Bytes of a name, so that an ending of ours still fits into what file systems take."""

_FIELDS: Final = {
    "location": "locationCode",
    "category": "deviceCategoryCode",
    "device": "deviceCode",
    "property": "propertyCode",
    "product": "dataProductCode",
    "extension": "extension",
}
_DATES: Final = {"yyyy": "%Y", "mm": "%m", "dd": "%d"}
_FIELD: Final = re.compile(r"\{([^{}]*)\}")


class UnsafeName(MalformedAnswer):
    """A name that a server gave to a file and that would lead out of the folder for files."""

    code = "unsafe-name"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the server calls a file {name[:80]!r}, which is no plain name; it was not stored",
            hint="report it to the platform",
        )


def safe_name(name: str) -> str:
    """The name under which a file of a server is stored, on any system.

    Characters that some systems refuse become `_`.

    Raises:
        UnsafeName: it is empty, names a folder, or would leave the one it belongs into.
    """
    if not name.strip(". ") or "/" in name or "\\" in name or "\0" in name:
        raise UnsafeName(name)
    if re.match(r"[A-Za-z]:", name):
        raise UnsafeName(name)
    plain = _FORBIDDEN.sub("_", name).rstrip(". ")
    plain = f"_{plain}" if _RESERVED.match(plain) or plain.startswith("-") else plain
    if len(plain.encode()) > _LONGEST:
        raise UnsafeName(name)
    return plain


def check_layout(template: str) -> str:
    """A template of folders, such as `{location}/{product}/{yyyy}/{mm}`, if it is one.

    Raises:
        BadValue: it names an unknown field, or leads out of the folder for files.
    """
    known = [*_FIELDS, *_DATES]
    fields = _FIELD.findall(template)
    parts = re.split(r"[/\\]", template)
    if any(name not in known for name in fields) or {"{", "}"} & set(_FIELD.sub("", template)):
        wanted = "made of " + ", ".join(f"{{{name}}}" for name in known)
        raise BadValue("layout", template, wanted)
    if ".." in parts or template.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", template):
        raise BadValue("layout", template, "folders within the folder for files")
    return template


def folder_of(template: str, filters: Mapping[str, str], start: int) -> str:
    """The folder that a template gives for one file, relative, with `/` between its parts.

    Args:
        template: as `check_layout` takes it.
        filters: what was asked for; a field that has no value is left out.
        start: first instant of what the file covers.
    """
    moment = to_datetime(start)

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name in _DATES:
            return moment.strftime(_DATES[name])
        return filters.get(_FIELDS[name], "")

    parts = (_FIELD.sub(value, part).strip() for part in re.split(r"[/\\]", template))
    return "/".join(safe_name(re.sub(r"[/\\]", "_", part)) for part in parts if part.strip(". "))
