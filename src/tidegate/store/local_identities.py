"""The verbs of a store in this process that concern who may use it, and what they see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.store import identities as identity_rows
from tidegate.store import views as view_rows

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tidegate.model.identities import ApiKey, User
    from tidegate.model.views import View
    from tidegate.store.changes import Change
    from tidegate.store.engine.duckdb import Engine


class LocalIdentities:
    """Users, keys and views; a part of `LocalStore`, which opens the engine."""

    _engine: Engine

    def _change(self, actor: str) -> AbstractContextManager[Change]:
        """One transaction that changes definitions, audited under the actor's name."""
        raise NotImplementedError

    def users(self) -> list[User]:
        """All users of the server, by name."""
        with self._engine.reading() as session:
            return identity_rows.users(session)

    def put_user(self, user: User, *, actor: str = "owner") -> None:
        """Add a user, or put it in place of the one with its name."""
        with self._change(actor) as change:
            identity_rows.put_user(change, user)

    def remove_user(self, name: str, *, actor: str = "owner") -> None:
        """Remove a user and every key that the user made."""
        with self._change(actor) as change:
            identity_rows.remove_user(change, name)

    def api_keys(self) -> list[ApiKey]:
        """All keys of the server, expired ones included, the oldest first."""
        with self._engine.reading() as session:
            return identity_rows.api_keys(session)

    def add_api_key(self, key: ApiKey, *, actor: str = "owner") -> None:
        """Add a key of the server."""
        with self._change(actor) as change:
            identity_rows.add_api_key(change, key)

    def revoke_api_key(self, id: str, *, actor: str = "owner") -> None:
        """End a key at once."""
        with self._change(actor) as change:
            identity_rows.revoke_api_key(change, id)

    def views(self) -> list[View]:
        """All views, by name."""
        with self._engine.reading() as session:
            return view_rows.views(session)

    def put_view(self, view: View, *, actor: str = "owner") -> None:
        """Add a view, or put it in place of the one with its name."""
        with self._change(actor) as change:
            view_rows.put_view(change, view)

    def remove_view(self, name: str, *, actor: str = "owner") -> None:
        """Remove a view that no key is bound to."""
        with self._change(actor) as change:
            view_rows.remove_view(change, name)
