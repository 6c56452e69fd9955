"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.gate.refusals import NotAllowed

if TYPE_CHECKING:
    from tidegate.model.identities import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose identity is proven.

    Attributes:
        name: what the audit trail calls them.
        role: what they may do.
        repositories: where; everywhere if None.
        user: the name of the user behind it: themselves, or who made the key.
        view: the only view through which they see anything; no view if None.
    """

    name: str
    role: Role
    repositories: frozenset[str] | None = None
    user: str = ""
    view: str | None = None

    @property
    def is_key(self) -> bool:
        """True for whoever holds a key, whose name is not that of a user."""
        return self.name != self.user

    def sees(self, repository: str) -> bool:
        """True if they may use a repository at all."""
        return self.repositories is None or repository in self.repositories

    def require(self, role: Role, repository: str | None = None) -> None:
        """Let pass whose role covers another, in a repository or, without one, in general.

        Raises:
            NotAllowed: they may not.
        """
        if not self.role.covers(role):
            raise NotAllowed(f"this needs the role {role}", hint="ask an administrator", role=role)
        if repository is not None and not self.sees(repository):
            raise NotAllowed(f"this key is not for repository '{repository}'")

    def require_no_view(self) -> None:
        """Let pass who sees what is there, not a view of it.

        Raises:
            NotAllowed: they hold a key for a view.
        """
        if self.view is not None:
            raise NotAllowed(f"this key is for the view '{self.view}' only", hint="ask at /share")

    def require_everywhere(self) -> None:
        """Let pass who is bound to no repository.

        Raises:
            NotAllowed: they hold a key for some repositories.
        """
        if self.repositories is not None:
            raise NotAllowed("this key is for some repositories only", hint="use one for all")
