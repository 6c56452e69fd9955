"""The description of the service as a page: no scripts, nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1d2733; background: #fff }
code, pre { font: 14px/1.5 ui-monospace, monospace } pre { background: #f3f6f9; padding: .8rem;
  overflow-x: auto } h2 { margin-top: 2.5rem; border-bottom: 1px solid #d5dde5 }
summary { cursor: pointer; padding: .3rem 0 } summary b { display: inline-block; min-width: 4.5rem;
  color: #0b5cad } td { padding: .1rem 1rem .1rem 0; vertical-align: top }
@media (prefers-color-scheme: dark) { body { color: #dfe7ee; background: #11161c }
  pre { background: #1b232c } summary b { color: #7ab8f5 } h2 { border-color: #33404d } }
"""


def page(document: dict[str, Any], *, source: str) -> str:
    """The page of an OpenAPI document.

    Args:
        document: the document.
        source: where it can be had itself.
    """
    info = document["info"]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>"
        f"<p>{escape(info.get('summary') or '')}. "
        f"<a href='{escape(source)}'>The OpenAPI document</a>.</p>"
        f"{''.join(_sections(document))}</html>"
    )


def _sections(document: dict[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            shown = _operation(method, path, operation)
            by_tag.setdefault(operation.get("tags", ["service"])[0], []).append(shown)
    for tag, shown_operations in by_tag.items():
        yield f"<h2>{escape(tag)}</h2>{''.join(shown_operations)}"


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}"
        f"<td>{escape(one.get('description', ''))}"
        for one in operation.get("parameters", [])
    )
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code></summary>"
        f"<pre>{escape(operation.get('description', ''))}</pre>"
        f"<table>{rows}</table><p>{_messages(operation)}</p></details>"
    )


def _messages(operation: dict[str, Any]) -> str:
    parts = []
    if "requestBody" in operation:
        parts.append(f"Body: <code>{escape(_name(operation['requestBody']))}</code>")
    for status, answer in operation.get("responses", {}).items():
        parts.append(f"{escape(status)}: <code>{escape(_name(answer))}</code>")
    return "<br>".join(parts)


def _name(message: dict[str, Any]) -> str:
    """The name of a message's form, or what it is made of."""
    schema = message.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return str(message.get("description", ""))
    if "items" in schema:
        return f"list of {_name_of(schema['items'])}"
    return _name_of(schema)


def _name_of(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(map(_name_of, schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {_name_of(schema.get('items', {}))}"
    return str(schema.get("$ref", schema.get("type", ""))).rpartition("/")[2]
