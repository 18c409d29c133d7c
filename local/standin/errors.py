"""Errors as OpenAI gives them: a status and `{"error": {"message", "type", "param", "code"}}`."""

from typing import Any

_KINDS: dict[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", None, "The stand-in was told to refuse this request."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    403: ("permission_error", None, "You are not allowed to use this model."),
    404: (
        "invalid_request_error",
        "model_not_found",
        "The model does not exist or you do not have access to it.",
    ),
    413: ("invalid_request_error", "request_too_large", "The request is too large."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    500: ("server_error", None, "The server had an error while processing your request."),
    503: ("server_error", "overloaded", "The engine is currently overloaded, please try again later."),
}


class BadRequest(Exception):
    """A request that the stand-in refuses with a 4xx."""

    def __init__(
        self, message: str, *, param: str | None = None, code: str | None = None, status: int = 400
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status

    def body(self) -> dict[str, Any]:
        """The error object of this refusal."""
        return error_body(self.message, kind="invalid_request_error", code=self.code, param=self.param)


def error_body(message: str, *, kind: str, code: str | None, param: str | None = None) -> dict[str, Any]:
    """An error object in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def error_for(status: int, code: str = "") -> dict[str, Any]:
    """The error object that goes with `status`; `code` replaces the usual one."""
    nearest = status if status in _KINDS else (500 if status >= 500 else 400)
    kind, usual_code, message = _KINDS[nearest]
    if code == "insufficient_quota":
        kind, message = code, "You exceeded your current quota, please check your plan and billing details."
    return error_body(message, kind=kind, code=code or usual_code)
