"""`/timeseries` and `/timeseriescollections/definition`: series and what defines them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from msgspec import UNSET

from tidegate.model.errors import BadValue
from tidegate.services.assigning import dated_by_name
from tidegate.services.calculating import keys_of
from tidegate.services.defining import alter_series, create_series, remove_series
from tidegate.services.series import series_of
from tidegate.web.answers import JsonAnswer, created, no_content
from tidegate.web.bodies import Body, read
from tidegate.web.definitions import altered, dated_values, new_series, series_forms
from tidegate.web.forms import SeriesForm
from tidegate.web.identity import Access, Deleting, Reading, Writing
from tidegate.web.openapi import accepts, answers
from tidegate.web.paths import SeriesName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.model.series import NewSeries, Series, SeriesKey

router = APIRouter(tags=["series"])


@router.post(
    "/timeseries",
    status_code=201,
    responses=answers(SeriesForm, 201, "Created"),
    openapi_extra=accepts(SeriesForm),
)
def create_one(access: Writing, body: Body) -> JsonAnswer:
    """Create a series; with an ID of -1, 0 or none it gets the next free one."""
    new = _new(access, read(body, SeriesForm))
    (series,) = create_series(access.store, [new], repository=access.repository, actor=access.actor)
    return created(series_forms(access.store, [series])[0], f"{access.path}/timeseries/{series.id}")


@router.get("/timeseries/{series}", responses=answers(SeriesForm))
def definition(access: Reading, series: SeriesName) -> JsonAnswer:
    """The definition of a series with its attributes."""
    return JsonAnswer.of(series_forms(access.store, [_named(access, series)])[0])


@router.put(
    "/timeseries/{series}", responses=answers(SeriesForm), openapi_extra=accepts(SeriesForm)
)
def change_one(access: Writing, series: SeriesName, body: Body) -> JsonAnswer:
    """Change members of a definition; those left out stay, null ones become their default."""
    known = _named(access, series)
    return JsonAnswer.of(_alter(access, [(known, read(body, SeriesForm))])[0])


@router.delete("/timeseries/{series}", status_code=204, response_class=Response)
def remove_one(access: Deleting, series: SeriesName) -> Response:
    """Remove a series with its data and attributes."""
    found = [_named(access, series)]
    remove_series(access.store, found, repository=access.repository, actor=access.actor)
    return no_content()


@router.post(
    "/timeseriescollections/definition",
    status_code=201,
    responses=answers(list[SeriesForm], 201, "Created"),
    openapi_extra=accepts(list[SeriesForm]),
)
def create_many(access: Writing, body: Body) -> JsonAnswer:
    """Create many series, all or none."""
    forms = read(body, list[SeriesForm])
    access.limits.require_series(len(forms))
    new = [_new(access, form) for form in forms]
    series = create_series(access.store, new, repository=access.repository, actor=access.actor)
    return JsonAnswer.of(series_forms(access.store, series), status=201)


@router.put(
    "/timeseriescollections/definition",
    responses=answers(list[SeriesForm]),
    openapi_extra=accepts(list[SeriesForm]),
)
def change_many(access: Writing, body: Body) -> JsonAnswer:
    """Change many definitions, all or none; each names its series by ID, or else by name."""
    forms = read(body, list[SeriesForm])
    access.limits.require_series(len(forms))
    return JsonAnswer.of(_alter(access, [(_meant(access, form), form) for form in forms]))


def _named(access: Access, reference: str | int) -> Series:
    return series_of(access.store, reference, repository=access.repository)


def _meant(access: Access, form: SeriesForm) -> Series:
    if form.id > 0:
        return _named(access, form.id)
    if not isinstance(form.name, str):
        raise BadValue("Name", None, "given where there is no ID")
    return _named(access, form.name)


def _new(access: Access, form: SeriesForm) -> NewSeries:
    forms = [] if form.attributes is UNSET else form.attributes
    given = [dated_values(one, access.local) for one in forms]
    attributes = dated_by_name(access.store, given, repository=access.repository)
    return new_series(form, attributes, _aliases(access, form) or {}, access.local)


def _aliases(access: Access, form: SeriesForm) -> dict[str, SeriesKey] | None:
    """What the aliases of a definition stand for; None where it says nothing of them."""
    if form.aliases is UNSET:
        return None
    return keys_of(access.store, form.aliases or {}, access.repository)


def _alter(access: Access, forms: Sequence[tuple[Series, SeriesForm]]) -> list[SeriesForm]:
    zone = access.local
    attributes = {
        series.key: [dated_values(one, zone) for one in form.attributes]
        for series, form in forms
        if form.attributes is not UNSET
    }
    changed = alter_series(
        access.store,
        [altered(series, form, _aliases(access, form), zone=zone) for series, form in forms],
        attributes,
        repository=access.repository,
        actor=access.actor,
    )
    return series_forms(access.store, changed)
