"""`/attributetypes` and `/repositories`."""

from __future__ import annotations

from fastapi import APIRouter, Response
from msgspec import UNSET

from tidegate.model.attributes import AttributeType
from tidegate.web.answers import JsonAnswer, created, no_content
from tidegate.web.bodies import Body, read
from tidegate.web.forms import ChangedRepository, RepositoryForm
from tidegate.web.identity import Access, Administering, Governing, Reading, SignedIn
from tidegate.web.openapi import accepts, answers
from tidegate.web.paths import segment

router = APIRouter(tags=["repositories"])

_NAMES = {
    AttributeType.YES_OR_NO: "YesOrNo",
    AttributeType.TIME_SERIES: "TimeSeries",
}


@router.get("/attributetypes", responses=answers(list[dict[str, int | str]]))
def attribute_types(access: SignedIn) -> JsonAnswer:
    """The types that attributes can have, under their numbers."""
    del access
    return JsonAnswer.of(
        [
            {"ID": int(kind), "Name": _NAMES.get(kind, kind.name.capitalize())}
            for kind in AttributeType
        ]
    )


@router.get("/repositories", responses=answers(list[str]))
def repositories(access: SignedIn) -> JsonAnswer:
    """The names of the repositories that the caller may use."""
    return JsonAnswer.of([name for name in access.store.repositories() if access.caller.sees(name)])


@router.post(
    "/repositories",
    status_code=201,
    responses=answers(RepositoryForm, 201, "Created"),
    openapi_extra=accepts(RepositoryForm),
)
def create_repository(access: Governing, body: Body) -> JsonAnswer:
    """Create an empty repository that knows the usual units."""
    form = read(body, RepositoryForm)
    zone = "UTC" if form.zone is UNSET else form.zone
    access.store.create_repository(form.name, zone=zone, actor=access.actor)
    return created(form, f"{access.path}/repositories/{segment(form.name)}")


@router.get("/repositories/{repository}", responses=answers(RepositoryForm))
def repository(access: Reading) -> JsonAnswer:
    """One repository with its zone."""
    return _shown(access)


@router.put(
    "/repositories/{repository}",
    responses=answers(RepositoryForm),
    openapi_extra=accepts(ChangedRepository),
)
def change_repository(access: Administering, body: Body) -> JsonAnswer:
    """Change the zone of a repository; the series that it has keep theirs."""
    form = read(body, ChangedRepository)
    access.store.set_repository_zone(form.zone, repository=access.repository, actor=access.actor)
    return _shown(access)


@router.delete("/repositories/{repository}", status_code=204, response_class=Response)
def remove_repository(access: Administering) -> Response:
    """Remove a repository that holds no series."""
    access.store.remove_repository(access.repository, actor=access.actor)
    return no_content()


def _shown(access: Access) -> JsonAnswer:
    return JsonAnswer.of(RepositoryForm(name=access.repository, zone=access.zone))
