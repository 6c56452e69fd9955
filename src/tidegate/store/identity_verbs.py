"""The verbs of a store that concern who may use the server, and what they see."""

from __future__ import annotations

from typing import Protocol

from tidegate.model.identities import ApiKey, User
from tidegate.model.views import View


class IdentityVerbs(Protocol):
    """Users, keys and views; a part of `Verbs`."""

    def users(self) -> list[User]:
        """All users of the server, by name."""
        ...

    def put_user(self, user: User, *, actor: str = "owner") -> None:
        """Add a user, or put it in place of the one with its name."""
        ...

    def remove_user(self, name: str, *, actor: str = "owner") -> None:
        """Remove a user and every key that the user made."""
        ...

    def api_keys(self) -> list[ApiKey]:
        """All keys of the server, expired ones included, the oldest first."""
        ...

    def add_api_key(self, key: ApiKey, *, actor: str = "owner") -> None:
        """Add a key of the server."""
        ...

    def revoke_api_key(self, id: str, *, actor: str = "owner") -> None:
        """End a key at once."""
        ...

    def views(self) -> list[View]:
        """All views, by name."""
        ...

    def put_view(self, view: View, *, actor: str = "owner") -> None:
        """Add a view, or put it in place of the one with its name."""
        ...

    def remove_view(self, name: str, *, actor: str = "owner") -> None:
        """Remove a view.

        Raises:
            NotFound: there is no such view.
            InUse: keys are bound to it.
        """
        ...
