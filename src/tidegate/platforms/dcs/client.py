"""What both APIs of DCS share: one account, one transaction at a time, sign-in and sign-out."""

from __future__ import annotations

import copy
import logging
import time
import weakref
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import msgspec

from tidegate.model.closing import Closing
from tidegate.model.errors import (
    MalformedAnswer,
    NotSignedIn,
    Throttled,
    TidegateError,
    TransportError,
)
from tidegate.platforms.dcs.explaining import (
    back_off,
    server_words,
    unknown_register,
    unknown_virtual_meter,
)
from tidegate.platforms.dcs.turns import Turn, Turns
from tidegate.platforms.dcs.wire import Meter, SignedIn, VirtualMeter
from tidegate.transport.client import HttpClient
from tidegate.transport.limits import AnswerLimits, Timeouts
from tidegate.transport.progress import SILENT, Progress
from tidegate.transport.retry import Attempts, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tidegate.model.errors import UnknownToPlatform
    from tidegate.platforms.dcs.queries import Query
    from tidegate.transport.answers import Answer
    from tidegate.transport.limiter import Limiter

logger = logging.getLogger("tidegate.dcs")

T = TypeVar("T")

_WELCOME = "Successfully logged in to DCS as '%s' with %s privileges"


class Standing(Enum):
    """How a client stands with the server."""

    ANONYMOUS = "anonymous"
    SIGNED_IN = "signed in"
    REFUSED = "refused"
    """Credentials were given, and the server has not accepted them, or not yet."""


@dataclass(slots=True)
class Account:
    """Who is signed in; kept apart from the client, so that signing out can outlive it."""

    standing: Standing = Standing.ANONYMOUS
    username: str | None = None
    role: str | None = None
    version: str | None = None
    refusal: str | None = None


class DcsClient(Closing):
    """One account on one DCS server; a context manager that signs out and disconnects.

    Only one transaction at a time goes through an object, whatever the number of threads, and it
    lasts until its answer is read. Objects are independent of each other.

    Args:
        rooturl: address of the server's application.
        username: account to sign in with at once, if a password is given too.
        password: its password.
        allow_http: True to send the password by plain http to another machine.
        timeouts: seconds to wait for a connection and for the next bytes.
        retry: how patient to be with a server that is busy.
        limits: bytes that an answer may have.
        limiter: shared with whoever else asks the same server.
        progress: told of every request and of the bytes received.

    Attributes:
        rooturl: the address, without trailing slash.
    """

    # Each API has its own paths and lists its meters in its own way.
    _sign_in_path: ClassVar[str]
    _sign_out_path: ClassVar[str]

    def __init__(
        self,
        rooturl: str,
        username: str | None = None,
        password: str | None = None,
        *,
        allow_http: bool = False,
        timeouts: Timeouts = Timeouts(),
        retry: RetryPolicy = RetryPolicy(),
        limits: AnswerLimits = AnswerLimits(),
        limiter: Limiter | None = None,
        progress: Progress = SILENT,
    ) -> None:
        self._http = HttpClient(
            rooturl,
            allow_http=allow_http,
            timeouts=timeouts,
            retry=retry,
            limits=limits,
            limiter=limiter,
            progress=progress,
            explain=server_words,
            suggested_pause=back_off,
        )
        self.rooturl = self._http.address
        self.timeout = (timeouts.connect, timeouts.read)
        self._retry = retry
        self._turns = Turns()
        self._account = Account()
        self._explains_ids = True
        self._farewell = weakref.finalize(
            self, _leave, self._http, self._account, self._sign_out_path
        )
        if username is not None and password is not None:
            self._sign_in(username, password)

    @property
    def username(self) -> str | None:
        """The account that is signed in."""
        return self._account.username

    @property
    def role(self) -> str | None:
        """Its role: Administrator, Operator, Viewer or Guest; None if nobody is signed in."""
        return self._account.role

    @property
    def version(self) -> str | None:
        """Release of the server, where it says so at sign-in."""
        return self._account.version

    def close(self) -> None:
        """Sign out and disconnect; an unfinished answer is dropped. The object cannot go on."""
        self._turns.abandon()
        self._farewell()

    def authenticate(self, username: str, password: str) -> str:
        """Sign in, out of any other account first; the server's message.

        Raises:
            NotSignedIn: the server does not accept the account.
            TransportError: it cannot be asked, or answers with something else than DCS does.
            InsecureAddress: the password would travel by plain http to another machine.
        """
        account = self._account
        if account.username is not None or self._http.has_cookies:
            self._sign_out(then=Standing.REFUSED)
        # Until it is let in, no other thread may fall back to what anybody can see.
        account.standing = Standing.REFUSED
        try:
            answer = self._knock({"username": username, "password": password})
        except NotSignedIn as error:
            words = f": {error.details}" if error.details else ""
            raise NotSignedIn(
                f"the server does not accept user '{username}' with this password{words}",
                hint="check the user name and the password",
                status=error.status,
                details=error.details,
                subject=error.subject,
            ) from error
        signed_in = _signed_in(answer.json())
        account.standing, account.refusal = Standing.SIGNED_IN, None
        account.username, account.role = signed_in.username, signed_in.role
        account.version = signed_in.app_version
        welcome = (signed_in.username, signed_in.role)
        logger.info(_WELCOME, *welcome)
        return _WELCOME % welcome

    def twin(self) -> Self:
        """A client of the same account with transactions of its own; this one must outlive it.

        It does not look for what an unknown id may mean: whoever has twins takes ids from a list.
        """
        other = copy.copy(self)
        other._turns = Turns()  # noqa: SLF001 - of this very class
        other._explains_ids = False  # noqa: SLF001
        return other

    def _sign_in(self, username: str, password: str) -> str:
        """`authenticate`, but what the server refuses is logged, and given as its message."""
        try:
            return self.authenticate(username, password)
        except TransportError as error:
            if error.status is None or isinstance(error, MalformedAnswer):
                raise
            return self._refuse(username, error)

    def _knock(self, credentials: dict[str, str]) -> Answer:
        """The answer to a sign-in, repeated only while the server asks for a pause.

        Every other failure may count against the account.
        """
        attempts = Attempts(self._retry)
        while True:
            try:
                with self._turns.begin():
                    return self._http.request(
                        "POST", self._sign_in_path, json=credentials, retry=False, subject="sign-in"
                    )
            except Throttled as error:
                pause = attempts.pause_after(error)
                if pause is None:
                    raise
                logger.info("The server asks for a pause; signing in again in %.1f s", pause)
                time.sleep(pause)

    def _refuse(self, username: str, error: TransportError) -> str:
        words = error.details or error.message
        self._http.clear_cookies()
        self._account.standing, self._account.refusal = Standing.REFUSED, words
        logger.error("Sign-in to DCS as '%s' was refused: %s", username, words)
        return words

    def _sign_out(self, *, then: Standing = Standing.ANONYMOUS) -> None:
        with self._turns.begin():
            _sign_out(self._http, self._account, self._sign_out_path, then=then)

    def _require_no_refusal(self) -> None:
        if self._account.standing is Standing.REFUSED:
            raise NotSignedIn(
                "the last sign-in did not succeed, so the server is not asked",
                hint="sign in with a user name and password that the server accepts",
                details=self._account.refusal,
            )

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object | None = None,
        subject: str | None = None,
    ) -> Any:
        """The document that the server answers with; None if it answers with nothing."""
        self._require_no_refusal()
        with self._turns.begin():
            answer = self._http.request(method, path, params=params, json=json, subject=subject)
        if method != "GET" and not answer.body.strip():
            return None
        return answer.json()

    def _open(self, path: str, params: Mapping[str, str] | None, subject: str | None) -> Turn:
        """A turn whose answer's body is still to be read; whoever gets it must close it."""
        self._require_no_refusal()
        turn = self._turns.begin()
        try:
            turn.open(self._http.stream("GET", path, params=params, subject=subject))
        except BaseException:
            turn.close()
            raise
        return turn

    def _open_readings(self, query: Query) -> Turn:
        """The answer to a request for readings, asked once more where it lacks a day to start.

        Raises:
            UnknownToPlatform: the id is none of those that the account may see.
            TransportError: the server refuses or cannot be asked.
        """
        try:
            return self._open(query.path, query.params, query.subject)
        except TransportError as error:
            if query.may_start_today and error.status == 400:
                return self._open_readings(query.starting(datetime.now(query.zone or UTC).date()))
            better = self._unknown_id(query, error)
            if better is None:
                raise
            raise better from error

    def _unknown_id(self, query: Query, error: TransportError) -> UnknownToPlatform | None:
        if not self._explains_ids or query.id is None or error.status not in {400, 404}:
            return None
        try:
            if query.is_virtual:
                known = msgspec.convert(self._virtual_meters(), list[VirtualMeter])
                return unknown_virtual_meter(query.id, known, error)
            return unknown_register(query.id, msgspec.convert(self._meters(), list[Meter]), error)
        except (TidegateError, msgspec.ValidationError):
            logger.debug("The catalogue could not be read to explain a refusal")
            return None

    def _meters(self) -> Any:
        raise NotImplementedError

    def _virtual_meters(self) -> Any:
        raise NotImplementedError

    def _whole(self, read: Callable[[], T]) -> T:
        """What a reader of whole answers gives, asked again if an answer breaks off inside."""
        attempts = Attempts(self._retry)
        while True:
            try:
                return read()
            except TransportError as error:
                # Without a status it is the request that failed, and that was repeated already.
                broke_off = error.retryable and error.status == 200
                pause = attempts.pause_after(error) if broke_off else None
                if pause is None:
                    raise
                logger.info("An answer broke off; asking again in %.1f s", pause)
                time.sleep(pause)


def _signed_in(document: Any) -> SignedIn:
    try:
        return msgspec.convert(document, SignedIn)
    except msgspec.ValidationError as problem:
        raise MalformedAnswer(
            f"the answer to the sign-in cannot be read: {problem}",
            hint="check the address: the App API lies at …/DCS, the Web API at …/DCSWebApi",
            subject="sign-in",
        ) from problem


def _sign_out(
    http: HttpClient, account: Account, path: str, *, then: Standing = Standing.ANONYMOUS
) -> None:
    """Cancel the token on the server and forget it here, whatever the server says."""
    if http.has_cookies:
        try:
            http.request("POST", path, retry=False, subject="sign-out")
        except TidegateError as error:
            logger.info("Signing out of DCS failed: %s", error.message)
    http.clear_cookies()
    account.standing = then
    account.username = account.role = account.version = account.refusal = None


def _leave(http: HttpClient, account: Account, path: str) -> None:
    _sign_out(http, account, path)
    http.close()
