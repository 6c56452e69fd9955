"""The description of the service: what each operation takes and answers, from the forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from fastapi.openapi.utils import get_openapi

from tidegate.web import forms

if TYPE_CHECKING:
    from fastapi import FastAPI

_TEMPLATE: Final = "#/components/schemas/{name}"
_FORMS: Final = tuple(
    form
    for form in vars(forms).values()
    if isinstance(form, type) and issubclass(form, forms.Form) and form is not forms.Form
)
_SECURITY: Final = {
    "basic": {"type": "http", "scheme": "basic"},
    "key": {"type": "http", "scheme": "bearer"},
}


def accepts(kind: Any) -> dict[str, Any]:
    """What an operation says of its body: `openapi_extra=accepts(SeriesForm)`."""
    return {"requestBody": {"required": True, "content": _content(kind)}}


def answers(kind: Any, status: int = 200, text: str = "Done") -> dict[int | str, dict[str, Any]]:
    """What an operation says of its answer: `responses=answers(list[SeriesForm])`."""
    return {status: {"description": text, "content": _content(kind)}}


def describe(application: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an application, made once."""
    if application.openapi_schema is None:
        found = get_openapi(
            title=application.title,
            version=application.version,
            summary=application.summary,
            description=application.description,
            routes=application.routes,
        )
        parts = found.setdefault("components", {})
        _, schemas = msgspec.json.schema_components(_FORMS, ref_template=_TEMPLATE)
        parts["schemas"] = schemas
        parts["securitySchemes"] = _SECURITY
        found["security"] = [{"basic": []}, {"key": []}]
        _tidy(found)
        application.openapi_schema = found
    return application.openapi_schema


_PROBLEM: Final = {
    "application/json": {"schema": {"$ref": "#/components/schemas/Problem"}},
}
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {"description": "Refused; nothing was changed", "content": _PROBLEM},
    "503": {"description": "Stopped: it took too long", "content": _PROBLEM},
}
"""What every operation may answer."""


def _content(kind: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=_TEMPLATE)
    return {"application/json": {"schema": schema}}


def _tidy(document: dict[str, Any]) -> None:
    """Take out the framework's own form of errors, which is never sent here."""
    for operations in document.get("paths", {}).values():
        for operation in operations.values():
            operation.get("responses", {}).pop("422", None)
