"""Errors as the service answers them: `Message`, `Code`, `Details`, and the status of each."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException

from tidegate.gate.refusals import NotIdentified, TooManyAttempts, TooManyRequests
from tidegate.model.budgets import OutOfTime
from tidegate.model.errors import (
    BadWindow,
    NotFound,
    TidegateError,
    UnitsDiffer,
    UnknownAttribute,
    UsageError,
)
from tidegate.web.answers import JsonAnswer

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.exceptions import RequestValidationError
    from starlette.requests import Request

logger = logging.getLogger(__name__)


class BadRequest(UsageError):
    """A request that says something the service does not understand."""

    code = "bad-request"


class BodyTooSlow(UsageError):
    """The body did not come, or not as long as announced."""

    code = "body-too-slow"
    http_status = 408


class BodyTooLarge(UsageError):
    """The body is longer than the service takes."""

    code = "body-too-large"
    http_status = 413


class UnsupportedMedia(UsageError):
    """The body is not what its `Content-Type` must say: JSON."""

    code = "unsupported-media"
    http_status = 415


_HINTS: Final[dict[type[TidegateError], str | None]] = {
    BadWindow: "swap from and to",
    UnitsDiffer: "name the unit of the answer with unit=",
    NotFound: None,
}
"""Hints that name parameters in place of those that name options of the command line."""

_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="WebTSM"'}


def handle_errors(application: FastAPI) -> None:
    """Let an application answer every error in the one form."""
    from fastapi.exceptions import RequestValidationError

    application.add_exception_handler(TidegateError, _on_error)
    application.add_exception_handler(HTTPException, _on_http_error)
    application.add_exception_handler(RequestValidationError, _on_invalid)  # type: ignore[arg-type]
    application.add_exception_handler(Exception, _on_bug)


def answer_of(error: TidegateError) -> JsonAnswer:
    """The answer that an error becomes; one that is not the caller's fault tells no more."""
    if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, OutOfTime):
        what = (type(error).__doc__ or "").partition(".")[0].partition("\n")[0]
        return problem(error.http_status, what, _code(error))
    details = {_pascal(name): value for name, value in error.fields.items()}
    hint = _HINTS.get(type(error), error.hint)
    if hint:
        details["Hint"] = hint
    if isinstance(error, NotFound):
        details = {_pascal(str(error.fields.get("kind"))): error.fields.get("name"), **details}
        del details["Kind"], details["Name"]
    return problem(error.http_status, error.message, _code(error), details, headers=_headers(error))


def problem(
    status: int,
    message: str,
    code: str,
    details: dict[str, Any] | None = None,
    *,
    headers: dict[str, str] | None = None,
) -> JsonAnswer:
    """An answer in the form of an error."""
    sentence = message[:1].upper() + message[1:]
    return JsonAnswer.of(
        {"Message": sentence + ".", "Code": code, "Details": details or {}},
        status=status,
        headers=headers,
    )


def _code(error: TidegateError) -> str:
    if isinstance(error, NotFound) and not isinstance(error, UnknownAttribute):
        return f"Unknown{_pascal(str(error.fields.get('kind', 'thing')))}"
    return type(error).__name__


def _headers(error: TidegateError) -> dict[str, str]:
    if isinstance(error, NotIdentified):
        return _CHALLENGE
    if isinstance(error, TooManyAttempts | TooManyRequests):
        return {"Retry-After": str(error.wait)}
    if isinstance(error, BodyTooLarge | BodyTooSlow):
        return {"Connection": "close"}
    return {}


async def _on_error(request: Request, error: Exception) -> JsonAnswer:
    assert isinstance(error, TidegateError)
    if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s %s: %s", request.method, request.url.path, error)
    return answer_of(error)


async def _on_http_error(request: Request, error: Exception) -> JsonAnswer:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    name = "".join(word.capitalize() for word in status.phrase.split())
    message = f"{request.method} {request.url.path}: {status.phrase.lower()}"
    return problem(status, message, name, headers=dict(error.headers or {}))


async def _on_invalid(request: Request, error: RequestValidationError) -> JsonAnswer:
    del request
    first = error.errors()[0]
    parameter = str(first["loc"][-1])
    details = {"Parameter": parameter, "Hint": first["msg"]}
    return problem(400, f"{parameter} cannot be read: {first['msg']}", "BadValue", details)


async def _on_bug(request: Request, error: Exception) -> JsonAnswer:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "the service failed; its log says why", "InternalError")


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.replace("-", "_").split("_"))
