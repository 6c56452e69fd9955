"""`/timeseries/{series}/attributes`: the attributes of one series and their dated values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from fastapi import APIRouter, Response

from tidegate.model.attributes import Assignment
from tidegate.services.assigning import (
    DatedValues,
    assigned,
    attribute_of,
    change_one,
    replace_all,
)
from tidegate.services.series import series_of
from tidegate.web.answers import JsonAnswer, no_content
from tidegate.web.bodies import Body, read
from tidegate.web.definitions import dated_values
from tidegate.web.forms import AssignmentForm
from tidegate.web.identity import Access, Deleting, Reading, Writing
from tidegate.web.openapi import accepts, answers
from tidegate.web.paths import AttributeName, SeriesName

if TYPE_CHECKING:
    from tidegate.model.series import Series

router = APIRouter(tags=["attributes"])

_ONE_OR_ALL: Final[Any] = list[AssignmentForm] | AssignmentForm
_PATH = "/timeseries/{series}/attributes"


@router.get(_PATH, responses=answers(list[AssignmentForm]))
def attributes(access: Reading, series: SeriesName) -> JsonAnswer:
    """What is assigned to a series, with all values and the instants from which they hold."""
    found = series_of(access.store, series, repository=access.repository)
    return _shown(assigned(access.store, found))


@router.post(_PATH, responses=answers(list[AssignmentForm]), openapi_extra=accepts(_ONE_OR_ALL))
def assign(access: Writing, series: SeriesName, body: Body) -> JsonAnswer:
    """Assign attributes: an array replaces all that the series has, a single object is added.

    The values of an object whose attribute the series has are merged into its values by instant.
    """
    found = series_of(access.store, series, repository=access.repository)
    _assign(access, found, body)
    return _shown(assigned(access.store, found))


@router.put(_PATH, responses=answers(list[AssignmentForm]), openapi_extra=accepts(AssignmentForm))
def change(access: Writing, series: SeriesName, body: Body) -> JsonAnswer:
    """Put values in place of those of an attribute that the series has."""
    return _changed(access, series, body)


@router.put(
    _PATH + "/{attribute}",
    responses=answers(list[AssignmentForm]),
    openapi_extra=accepts(AssignmentForm),
)
def change_named(
    access: Writing, series: SeriesName, attribute: AttributeName, body: Body
) -> JsonAnswer:
    """Put values in place of those of the attribute in the path, which the series has."""
    known = attribute_of(access.store, attribute, repository=access.repository)
    return _changed(access, series, body, known.id)


@router.delete(_PATH + "/{attribute}", status_code=204, response_class=Response)
def remove(access: Deleting, series: SeriesName, attribute: AttributeName) -> Response:
    """Take an attribute off a series, with all its values."""
    found = series_of(access.store, series, repository=access.repository)
    known = attribute_of(access.store, attribute, repository=access.repository)
    change_one(access.store, found, DatedValues(known.id, {}), mode="drop", actor=access.actor)
    return no_content()


def _assign(access: Access, series: Series, body: bytes) -> None:
    """Do what a body says; its values are let go before the answer is made."""
    wanted = _wanted(access, body)
    if isinstance(wanted, list):
        replace_all(access.store, series, wanted, actor=access.actor)
    else:
        change_one(access.store, series, wanted, mode="merge", actor=access.actor)


def _wanted(access: Access, body: bytes) -> list[DatedValues] | DatedValues:
    given: list[AssignmentForm] | AssignmentForm = read(body, _ONE_OR_ALL)
    if isinstance(given, list):
        return [dated_values(one, access.local) for one in given]
    return dated_values(given, access.local)


def _changed(
    access: Access, reference: str, body: bytes, attribute: int | None = None
) -> JsonAnswer:
    """Change the attribute of the body, or of the path."""
    given = dated_values(read(body, AssignmentForm), access.local, attribute)
    series = series_of(access.store, reference, repository=access.repository)
    change_one(access.store, series, given, mode="change", actor=access.actor)
    return _shown(assigned(access.store, series))


def _shown(assignments: list[Assignment]) -> JsonAnswer:
    # values are texts: there is no number to be shown in another way
    return JsonAnswer(msgspec.json.encode([AssignmentForm.of(one) for one in assignments]))
