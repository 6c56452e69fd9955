"""Users and keys of the server: what proves them is kept as hashes only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.errors import Duplicate, NotFound
from tidegate.model.identities import ApiKey, Role, User

if TYPE_CHECKING:
    from tidegate.store.changes import Change
    from tidegate.store.engine.duckdb import Session

IDENTITY_TABLES: Final = (
    """CREATE TABLE users (
        name VARCHAR, role VARCHAR, verifier VARCHAR, created_at BIGINT)""",
    """CREATE TABLE api_keys (
        id VARCHAR, digest VARCHAR, name VARCHAR, role VARCHAR, repositories VARCHAR,
        beginning VARCHAR, issuer VARCHAR, issued_at BIGINT, expires_at BIGINT, view VARCHAR)""",
)
"""The tables that format 2 added; format 3 bound keys to views."""


def users(session: Session) -> list[User]:
    """All users, by name."""
    rows = session.rows("SELECT name, role, verifier, created_at FROM users ORDER BY name")
    return [
        User(name=name, role=Role(role), verifier=verifier, created_at=at)
        for name, role, verifier, at in rows
    ]


def put_user(change: Change, user: User) -> None:
    """Add a user, or put it in place of the one with its name."""
    known = {one.name: one for one in users(change.session)}
    before = known.get(user.name)
    change.session.run("DELETE FROM users WHERE name = $name", name=user.name)
    change.session.run(
        "INSERT INTO users VALUES ($name, $role, $verifier, $at)",
        name=user.name,
        role=user.role.value,
        verifier=user.verifier,
        at=before.created_at if before else change.at,
    )
    change.audit(
        "put-user",
        f"user {user.name}",
        before={"role": before.role} if before else None,
        after={"role": user.role},
    )


def remove_user(change: Change, name: str) -> None:
    """Remove a user and every key that the user made."""
    if change.session.row("SELECT 1 FROM users WHERE name = $name", name=name) is None:
        raise NotFound("user", name)
    change.session.run("DELETE FROM users WHERE name = $name", name=name)
    revoked = change.session.run("DELETE FROM api_keys WHERE issuer = $name", name=name)
    change.audit("remove-user", f"user {name}", after={"revoked_keys": revoked})


def api_keys(session: Session) -> list[ApiKey]:
    """All keys, expired ones included, by the instant at which they were made."""
    rows = session.rows(
        "SELECT id, digest, name, role, repositories, beginning, issuer, issued_at, expires_at,"
        " view FROM api_keys ORDER BY issued_at, id"
    )
    return [_key(row) for row in rows]


def add_api_key(change: Change, key: ApiKey) -> None:
    """Add a key."""
    taken = "SELECT 1 FROM api_keys WHERE id = $id OR digest = $digest"
    if change.session.row(taken, id=key.id, digest=key.digest):
        raise Duplicate("key", key.id)
    change.session.run(
        "INSERT INTO api_keys VALUES ($id, $digest, $name, $role, $repositories, $beginning,"
        " $issuer, $issued_at, $expires_at, $view)",
        id=key.id,
        digest=key.digest,
        name=key.name,
        role=key.role.value,
        repositories=_text(key.repositories),
        beginning=key.beginning,
        issuer=key.issuer,
        issued_at=key.issued_at,
        expires_at=key.expires_at,
        view=key.view,
    )
    shown = {"name": key.name, "role": key.role, "repositories": key.repositories}
    if key.view is not None:
        shown["view"] = key.view
    change.audit("add-key", f"key {key.id}", after=shown)


def revoke_api_key(change: Change, id: str) -> None:
    """End a key at once."""
    if change.session.row("SELECT 1 FROM api_keys WHERE id = $id", id=id) is None:
        raise NotFound("key", id)
    change.session.run("DELETE FROM api_keys WHERE id = $id", id=id)
    change.audit("revoke-key", f"key {id}")


def _key(row: tuple[Any, ...]) -> ApiKey:
    key, digest, name, role, repositories, beginning, issuer, issued_at, expires_at, view = row
    bound = None if repositories is None else tuple(msgspec.json.decode(repositories))
    return ApiKey(
        id=key,
        digest=digest,
        name=name,
        role=Role(role),
        repositories=bound,
        beginning=beginning,
        issuer=issuer,
        issued_at=issued_at,
        expires_at=expires_at,
        view=view,
    )


def _text(repositories: tuple[str, ...] | None) -> str | None:
    return None if repositories is None else msgspec.json.encode(repositories).decode()
