"""What every handler is given: who asks, in which repository, and the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Path, Request
from starlette.concurrency import run_in_threadpool

from tidegate.model.identities import Role
from tidegate.model.instants import zone as zone_named
from tidegate.web.media import MEDIA_KEY, PLAIN, Media
from tidegate.web.paths import segment, unescaped

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from tidegate.gate.callers import Caller
    from tidegate.gate.rates import Rates
    from tidegate.services.identity import Identities
    from tidegate.services.sharing import Sharing
    from tidegate.services.write_queue import WriteQueue
    from tidegate.store.verbs import Verbs
    from tidegate.web.limits import Limits

RepositoryName = Annotated[str, Path(description="name of the repository")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the application holds for all requests; `of` finds it."""

    store: Verbs
    identities: Identities
    queue: WriteQueue
    limits: Limits
    prefix: str
    sharing: Sharing | None
    rates: Rates
    clock: Callable[[], int]

    @staticmethod
    def of(request: Request) -> Service:
        """The service that a request came to."""
        service: Service = request.app.state.service
        return service


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One request of somebody who is known and allowed to make it.

    Attributes:
        caller: who asks; `actor` names them to the store.
        repository: the one in the path; empty for what belongs to none.
        service: what the application holds.
        now: the instant at which it came, the same for all its relative times.
        media: the form of answer that is wanted.
    """

    caller: Caller
    repository: str
    service: Service
    now: int
    media: Media

    @property
    def store(self) -> Verbs:
        """The store."""
        return self.service.store

    @property
    def limits(self) -> Limits:
        """What the service takes and gives at most."""
        return self.service.limits

    @property
    def zone(self) -> str:
        """The zone of times that name none, and of sums: that of the repository, or else UTC."""
        if not self.repository:
            return "UTC"
        return self.store.repository_zone(repository=self.repository)

    @property
    def local(self) -> ZoneInfo:
        """That zone itself."""
        return zone_named(self.zone)

    @property
    def actor(self) -> str:
        """What the audit trail calls the caller."""
        return self.caller.name

    @property
    def path(self) -> str:
        """Path of the repository, or of the API, for `Location` headers; no slash at its end."""
        base = f"{self.service.prefix}/api"
        return f"{base}/repositories/{segment(self.repository)}" if self.repository else base


class _Needs:
    """A dependency that lets pass who has a role, in the repository of the path."""

    def __init__(self, role: Role | None, *, through_views: bool = False) -> None:
        self._role = role
        self._through_views = through_views

    async def __call__(self, request: Request, repository: RepositoryName) -> Access:
        return await self._access(request, unescaped(repository))

    async def _access(self, request: Request, repository: str) -> Access:
        access = await _access(request, self._role, repository)
        if not self._through_views:
            access.caller.require_no_view()
        return access


class _NeedsAnywhere(_Needs):
    """A dependency for what belongs to no repository."""

    async def __call__(self, request: Request) -> Access:  # type: ignore[override]
        access = await self._access(request, "")
        if self._role is Role.ADMINISTRATOR:
            access.caller.require_everywhere()
        return access


async def _access(request: Request, role: Role | None, repository: str) -> Access:
    service = Service.of(request)
    caller = await caller_of(request)
    caller.require(role or service.limits.deletions_need, repository or None)
    return Access(
        caller=caller,
        repository=repository,
        service=service,
        now=service.clock(),
        media=request.scope.get(MEDIA_KEY) or PLAIN,
    )


async def caller_of(request: Request) -> Caller:
    """Who makes a request.

    Raises:
        NotIdentified: nobody that is known.
        TooManyAttempts: too many wrong attempts came from there.
    """
    identities = Service.of(request).identities
    header = request.headers.get("authorization")
    known = identities.at_once(header)
    if known is not None:
        return known
    address = request.client.host if request.client else ""
    return await run_in_threadpool(identities.identify, header, address)


_READING: Final = _Needs(Role.READER)
_VIEWING: Final = _Needs(Role.READER, through_views=True)
_WRITING: Final = _Needs(Role.WRITER)
_ADMINISTERING: Final = _Needs(Role.ADMINISTRATOR)
_DELETING: Final = _Needs(None)

Reading = Annotated[Access, Depends(_READING)]
"""A request in a repository by a reader or more."""
Viewing = Annotated[Access, Depends(_VIEWING)]
"""A request in a repository by a reader or more, perhaps through a view, which must be heeded."""
Writing = Annotated[Access, Depends(_WRITING)]
"""A request in a repository by a writer or more."""
Administering = Annotated[Access, Depends(_ADMINISTERING)]
"""A request in a repository by an administrator."""
Deleting = Annotated[Access, Depends(_DELETING)]
"""A request in a repository by somebody with the role that deletions need."""
SignedIn = Annotated[Access, Depends(_NeedsAnywhere(Role.READER))]
"""A request outside repositories by anybody who is known."""
Governing = Annotated[Access, Depends(_NeedsAnywhere(Role.ADMINISTRATOR))]
"""A request outside repositories by an administrator."""
