"""`/timeseriescollections/attributes`: one attribute on many series at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from tidegate.model.errors import BadValue
from tidegate.model.instants import parse
from tidegate.services.assigning import attribute_of, set_from, take_off
from tidegate.web.answers import no_content
from tidegate.web.bodies import Body, read
from tidegate.web.forms import BulkValueForm, text_of
from tidegate.web.identity import Deleting, Writing
from tidegate.web.openapi import accepts
from tidegate.web.paths import AttributeName, Segment

router = APIRouter(tags=["attributes"])

_PATH = "/timeseriescollections/attributes/{attribute}"


@router.put(
    _PATH + "/values/{instant}",
    status_code=204,
    response_class=Response,
    openapi_extra=accepts(list[BulkValueForm]),
)
def set_values(access: Writing, attribute: AttributeName, instant: Segment, body: Body) -> Response:
    """Give an attribute a value on each series from an instant on, and assign it where it is not.

    Values at other instants stay.
    """
    forms = read(body, list[BulkValueForm])
    access.limits.require_series(len(forms))
    set_from(
        access.store,
        attribute_of(access.store, attribute, repository=access.repository),
        parse(instant, naive=access.local),
        {form.id: text_of(form.value) for form in forms},
        repository=access.repository,
        actor=access.actor,
    )
    return no_content()


@router.delete(_PATH, status_code=204, response_class=Response)
def remove(
    access: Deleting,
    attribute: AttributeName,
    ids: Annotated[list[int], Query(default_factory=list, alias="ID")],
) -> Response:
    """Take an attribute with all its values off series; those without it stay as they are."""
    if not ids:
        raise BadValue("ID", None, "the number of at least one series")
    known = attribute_of(access.store, attribute, repository=access.repository)
    take_off(access.store, known, ids, repository=access.repository, actor=access.actor)
    return no_content()
