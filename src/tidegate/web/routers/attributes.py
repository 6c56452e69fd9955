"""`/attributes`: the attributes of a repository."""

from __future__ import annotations

from fastapi import APIRouter, Response

from tidegate.model.attributes import Attribute
from tidegate.services.assigning import attribute_of
from tidegate.web.answers import JsonAnswer, created, no_content
from tidegate.web.bodies import Body, read
from tidegate.web.definitions import asked_id, attribute_type
from tidegate.web.forms import AttributeForm, ChangedAttribute
from tidegate.web.identity import Access, Deleting, Reading, Writing
from tidegate.web.openapi import accepts, answers
from tidegate.web.paths import AttributeName

router = APIRouter(tags=["attributes"])


@router.get("/attributes", responses=answers(list[AttributeForm]))
def attributes(access: Reading) -> JsonAnswer:
    """All attributes of the repository, by ID."""
    found = access.store.attributes(repository=access.repository)
    return JsonAnswer.of([AttributeForm.of(attribute) for attribute in found])


@router.post(
    "/attributes",
    status_code=201,
    responses=answers(AttributeForm, 201, "Created"),
    openapi_extra=accepts(AttributeForm),
)
def create_attribute(access: Writing, body: Body) -> JsonAnswer:
    """Create an attribute; with an ID of -1, 0 or none it gets the next free one."""
    form = read(body, AttributeForm)
    attribute = access.store.create_attribute(
        form.name,
        attribute_type(form.type),
        id=asked_id(form.id),
        repository=access.repository,
        actor=access.actor,
    )
    return created(AttributeForm.of(attribute), f"{access.path}/attributes/{attribute.id}")


@router.get("/attributes/{attribute}", responses=answers(AttributeForm))
def attribute(access: Reading, attribute: AttributeName) -> JsonAnswer:
    """One attribute."""
    return JsonAnswer.of(AttributeForm.of(_named(access, attribute)))


@router.put(
    "/attributes/{attribute}",
    responses=answers(AttributeForm),
    openapi_extra=accepts(ChangedAttribute),
)
def change_attribute(access: Writing, attribute: AttributeName, body: Body) -> JsonAnswer:
    """Change the name or type of an attribute; what is assigned stays."""
    form = read(body, ChangedAttribute)
    known = _named(access, attribute)
    changed = Attribute(
        known.id,
        known.name if form.name is None else form.name,
        known.type if form.type is None else attribute_type(form.type),
    )
    access.store.change_attribute(changed, repository=access.repository, actor=access.actor)
    return JsonAnswer.of(AttributeForm.of(changed))


@router.delete("/attributes/{attribute}", status_code=204, response_class=Response)
def remove_attribute(access: Deleting, attribute: AttributeName) -> Response:
    """Remove an attribute that no series has."""
    access.store.remove_attribute(
        _named(access, attribute).name,
        unused=True,
        repository=access.repository,
        actor=access.actor,
    )
    return no_content()


def _named(access: Access, reference: str) -> Attribute:
    return attribute_of(access.store, reference, repository=access.repository)
