"""`/auth/api-keys/keys`: keys for programs, made and ended by those who hold the rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from tidegate.gate.refusals import NotAllowed
from tidegate.model.errors import NotFound
from tidegate.model.identities import ApiKey, Role
from tidegate.model.instants import to_text
from tidegate.services.identity import make_key
from tidegate.web.answers import JsonAnswer, created, no_content
from tidegate.web.bodies import OptionalBody, read
from tidegate.web.forms import KeyForm, NewKey
from tidegate.web.identity import SignedIn
from tidegate.web.openapi import accepts, answers
from tidegate.web.parameters import instant_or_none

if TYPE_CHECKING:
    from tidegate.web.identity import Access

router = APIRouter(prefix="/auth/api-keys/keys", tags=["keys"])


@router.post(
    "",
    status_code=201,
    responses=answers(str, 201, "The key, shown only this once"),
    openapi_extra=accepts(NewKey),
)
def create_key(access: SignedIn, body: OptionalBody) -> JsonAnswer:
    """Make a key that may do no more than who makes it; the answer is its text."""
    form = read(body, NewKey) if body.strip() else NewKey()
    _require_user(access)
    role = access.caller.role if form.role is None else Role.named(form.role)
    access.caller.require(role)
    for repository in form.repositories or ():
        access.caller.require(role, repository)
        if repository not in access.store.repositories():
            raise NotFound("repository", repository)
    key, text = make_key(
        access.store,
        form.name,
        role,
        repositories=form.repositories,
        expires_at=instant_or_none(access, form.expires_at, None),
        issuer=access.caller.user,
    )
    access.service.identities.forget()
    return created(text, f"{access.path}/auth/api-keys/keys/{key.id}")


@router.get("", responses=answers(list[KeyForm]))
def list_keys(access: SignedIn) -> JsonAnswer:
    """The keys that the caller made; an administrator sees all."""
    return JsonAnswer.of([_form(key) for key in _visible(access)])


@router.get("/{key}", responses=answers(KeyForm))
def show_key(access: SignedIn, key: str) -> JsonAnswer:
    """One key; its text is told to nobody."""
    return JsonAnswer.of(_form(_one(access, key)))


@router.delete("/{key}", status_code=204, response_class=Response)
def revoke_key(access: SignedIn, key: str) -> Response:
    """End a key at once."""
    _require_user(access)
    access.store.revoke_api_key(_one(access, key).id, actor=access.actor)
    access.service.identities.forget()
    return no_content()


def _require_user(access: Access) -> None:
    """Keys make and end no keys: a leaked one must not outlive its end."""
    if access.caller.is_key:
        raise NotAllowed("a key cannot make or end keys", hint="sign in with a password")


def _visible(access: Access) -> list[ApiKey]:
    keys = access.store.api_keys()
    if access.caller.role is Role.ADMINISTRATOR and not access.caller.is_key:
        return keys
    return [key for key in keys if key.issuer == access.caller.user]


def _one(access: Access, number: str) -> ApiKey:
    for key in _visible(access):
        if key.id == number:
            return key
    raise NotFound("key", number)


def _form(key: ApiKey) -> KeyForm:
    claims = {"Name": [key.name], "Role": [key.role.value]}
    if key.repositories is not None:
        claims["Repositories"] = list(key.repositories)
    if key.expires_at is not None:
        claims["ExpiresAt"] = [to_text(key.expires_at)]
    return KeyForm(
        key_id=key.id,
        key=f"{key.beginning}…",
        issued_at=to_text(key.issued_at),
        claim_values=claims,
        original_issuer=key.issuer,
        key_issuer="tidegate",
    )
