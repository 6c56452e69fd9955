"""`/timeseries/{series}/attributes`: the attributes of one series and their dated values."""

from __future__ import annotations

from typing import Any, Final

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
    given: list[AssignmentForm] | AssignmentForm = read(body, _ONE_OR_ALL)
    if isinstance(given, list):
        wanted = [dated_values(one, access.local) for one in given]
        return _shown(replace_all(access.store, found, wanted, actor=access.actor))
    added = dated_values(given, access.local)
    return _shown(change_one(access.store, found, added, mode="merge", actor=access.actor))


@router.put(_PATH, responses=answers(list[AssignmentForm]), openapi_extra=accepts(AssignmentForm))
def change(access: Writing, series: SeriesName, body: Body) -> JsonAnswer:
    """Put values in place of those of an attribute that the series has."""
    given = dated_values(read(body, AssignmentForm), access.local)
    return _changed(access, series, given)


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
    given = dated_values(read(body, AssignmentForm), access.local, known.id)
    return _changed(access, series, given)


@router.delete(_PATH + "/{attribute}", status_code=204, response_class=Response)
def remove(access: Deleting, series: SeriesName, attribute: AttributeName) -> Response:
    """Take an attribute off a series, with all its values."""
    found = series_of(access.store, series, repository=access.repository)
    known = attribute_of(access.store, attribute, repository=access.repository)
    change_one(access.store, found, DatedValues(known.id, {}), mode="drop", actor=access.actor)
    return no_content()


def _changed(access: Access, series: str, given: DatedValues) -> JsonAnswer:
    found = series_of(access.store, series, repository=access.repository)
    return _shown(change_one(access.store, found, given, mode="change", actor=access.actor))


def _shown(assignments: list[Assignment]) -> JsonAnswer:
    # values are texts: there is no number to be shown in another way
    return JsonAnswer(msgspec.json.encode([AssignmentForm.of(one) for one in assignments]))
