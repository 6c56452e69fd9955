"""`/units`: the units of a repository."""

from __future__ import annotations

from fastapi import APIRouter

from tidegate.model.errors import BadValue
from tidegate.services.units import numbered_units, unit_of
from tidegate.web.answers import JsonAnswer, created
from tidegate.web.bodies import Body, read
from tidegate.web.definitions import unit_of_form
from tidegate.web.forms import UnitForm
from tidegate.web.identity import Reading, Writing
from tidegate.web.openapi import accepts, answers
from tidegate.web.paths import UnitName

router = APIRouter(tags=["units"])


@router.get("/units", responses=answers(list[UnitForm]))
def units(access: Reading) -> JsonAnswer:
    """All units of the repository, by ID."""
    found = numbered_units(access.store, repository=access.repository)
    return JsonAnswer.of([UnitForm.of(unit, number) for number, unit in found.items()])


@router.post(
    "/units",
    status_code=201,
    responses=answers(UnitForm, 201, "Created"),
    openapi_extra=accepts(UnitForm),
)
def create_unit(access: Writing, body: Body) -> JsonAnswer:
    """Add a unit under the next free ID."""
    unit = unit_of_form(read(body, UnitForm))
    access.store.put_unit(unit, new=True, repository=access.repository, actor=access.actor)
    number, unit = unit_of(access.store, unit.name, repository=access.repository)
    return created(UnitForm.of(unit, number), f"{access.path}/units/{number}")


@router.get("/units/{unit}", responses=answers(UnitForm))
def unit(access: Reading, unit: UnitName) -> JsonAnswer:
    """One unit."""
    number, found = unit_of(access.store, unit, repository=access.repository)
    return JsonAnswer.of(UnitForm.of(found, number))


@router.put("/units/{unit}", responses=answers(UnitForm), openapi_extra=accepts(UnitForm))
def change_unit(access: Writing, unit: UnitName, body: Body) -> JsonAnswer:
    """Put a definition in place of that of a unit, whose name stays."""
    number, known = unit_of(access.store, unit, repository=access.repository)
    changed = unit_of_form(read(body, UnitForm))
    if changed.name != known.name:
        raise BadValue("Name", changed.name, f"'{known.name}': the name of a unit stays")
    access.store.put_unit(changed, new=False, repository=access.repository, actor=access.actor)
    return JsonAnswer.of(UnitForm.of(changed, number))
