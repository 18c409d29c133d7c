"""The endpoints: from a request to the script of its reply."""

import itertools
import json
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, cast

from local.standin.ask import JsonObject, ask_of, text_of
from local.standin.completion import complete
from local.standin.counting import Counting
from local.standin.counting import at as counting_at
from local.standin.dialects import Dialect, chat, converse, gemini, messages, responses
from local.standin.directives import BadDirective, Directives, directives_of
from local.standin.embeddings import embed, last_text
from local.standin.errors import BadRequest, error_body
from local.standin.hosted import Extras
from local.standin.http_message import Request
from local.standin.judged import Judged
from local.standin.memory import Memory
from local.standin.prompt_cache import PromptCache
from local.standin.refusals import refuse
from local.standin.replies import broken_json, cut_short, failure, json_reply
from local.standin.script import Script, Wait
from local.standin.stream import stream_script

MODELS = ("standin", "standin-reasoner", "gpt-4o-mini", "o4-mini", "deepseek-chat", "text-embedding-3-small")
_CONTROL = "/__standin/"

DIALECTS = tuple(cast("Dialect", each) for each in (chat, responses, messages, gemini, converse))


class App:
    """A provider under any path prefix, in each dialect at its path, and its controls under `/__standin/`."""

    def __init__(self, memory: Memory, judged: Judged | None = None) -> None:
        self._memory = memory
        self._judged = judged or Judged(None)
        self._cache = PromptCache()

    def __call__(self, request: Request) -> Script:
        """The reply to `request`."""
        number = self._memory.next_number()
        try:
            if request.path.startswith(_CONTROL):
                return (self._control(request, number),)
            self._memory.record(request)
            self._judged.put(request.path, request.body)
            return self._endpoint(request)(request, number)
        except BadRequest as refused:
            return (json_reply(refused.body(), number, refused.status),)
        except BadDirective as unread:
            body = error_body(str(unread), kind="invalid_request_error", code="bad_standin_directive")
            return (json_reply(body, number, 400),)

    def _endpoint(self, request: Request) -> Callable[[Request, int], Script]:
        if request.method == "POST":
            for dialect in DIALECTS:
                if (said := dialect.at(request.path)) is not None:
                    return partial(self._chat, dialect, said)
            if (counting := counting_at(request.path)) is not None:
                return partial(self._count, counting)
            if request.path.endswith("/embeddings"):
                return self._embeddings
        if request.method == "GET" and request.path.endswith("/models"):
            return self._models
        if request.method == "GET" and "/models/" in request.path:
            return self._model
        raise BadRequest(f"Invalid URL ({request.method} {request.path})", code="unknown_url", status=404)

    def _chat(self, dialect: Dialect, said: JsonObject, request: Request, number: int) -> Script:
        """A chat: read as one of OpenAI's, whatever its dialect, and answered in its own form."""
        refused = partial(_refused, dialect, number)
        try:
            given = _decoded(request)
            body = _as_chat(dialect, given, said)
            directives = self._directives(request, body, _user_text(body))
            if instead := failure(directives, request, number, refused):
                return _slowly(directives, instead)
            refuse(dialect.NAME, str(body.get("model")), request.path, request.headers, given)
            ask = ask_of(body)
            completion = complete(ask, directives, number)
            if directives.cached is None and directives.cache_write is None:
                completion = self._cache.count(request.path, given, completion)
        except BadRequest as error:
            return (refused(error.body(), error.status),)
        extras = Extras(request.path, given, directives, ask.user_text)
        if ask.streams:
            events = extras.events(dialect.events(completion, ask, directives))
            return _slowly(directives, stream_script(events, directives, request, number, dialect.WIRE))
        return self._finished(directives, extras.whole(dialect.whole(completion, ask, directives)), number)

    def _count(self, counting: Counting, request: Request, number: int) -> Script:
        """The input of a request, counted."""
        try:
            count = counting(request.path, request.headers, _decoded(request))
            return (json_reply(count, number),)
        except BadRequest as error:
            return (_refused(counting.dialect, number, error.body(), error.status),)

    def _embeddings(self, request: Request, number: int) -> Script:
        body = _decoded(request)
        directives = self._directives(request, body, last_text(body))
        instead = failure(directives, request, number, partial(_refused, DIALECTS[0], number))
        return _slowly(directives, instead) if instead else self._finished(directives, embed(body), number)

    def _models(self, request: Request, number: int) -> Script:
        directives = self._directives(request, {}, "")
        instead = failure(directives, request, number, partial(_refused, DIALECTS[0], number))
        if instead:
            return _slowly(directives, instead)
        return self._finished(
            directives, {"object": "list", "data": [_model(name) for name in MODELS]}, number
        )

    def _model(self, request: Request, number: int) -> Script:
        name = request.path.partition("/models/")[2]
        directives = self._directives(request, {"model": name}, "")
        instead = failure(directives, request, number, partial(_refused, DIALECTS[0], number))
        return _slowly(directives, instead) if instead else self._finished(directives, _model(name), number)

    def _finished(self, directives: Directives, body: JsonObject, number: int) -> Script:
        """A whole answer, or what its directives make of it."""
        reply = broken_json(number) if directives.garbage else json_reply(body, number)
        return _slowly(directives, cut_short(reply) if directives.cut_plain else (reply,))

    def _directives(self, request: Request, body: Any, user_text: str) -> Directives:
        model = body.get("model") if isinstance(body, dict) else None
        header = request.headers.get("x-standin", "")
        directives = directives_of(model if isinstance(model, str) else "", header, user_text)
        if directives.on and not request.path.startswith(f"/{directives.on}/"):
            return directives.without_faults()
        if directives.times is not None:
            key = directives.id or repr(directives)
            if self._memory.try_number(key) > directives.times:
                return directives.without_faults()
        return directives

    def _control(self, request: Request, number: int) -> bytes:
        match request.method, request.path.removeprefix(_CONTROL):
            case "GET", "requests":
                return json_reply({"requests": self._memory.requests()}, number)
            case "DELETE", "misfits":
                return json_reply({"misfits": self._judged.taken()}, number)
            case "DELETE", "requests":
                self._memory.forget_requests()
            case "POST", "reset":
                self._memory.reset()
            case _:
                raise BadRequest("The stand-in has no such control.", code="unknown_url", status=404)
        return json_reply({"ok": True}, number)


def _decoded(request: Request) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("We could not parse the JSON body of your request.") from error


def _as_chat(dialect: Dialect, body: Any, said: JsonObject) -> JsonObject:
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    try:
        return dialect.to_chat(body | said)
    except (AttributeError, KeyError, TypeError, ValueError) as wrong:
        raise BadRequest(f"A field has a wrong type: {wrong}") from wrong


def _user_text(body: Any) -> str:
    """The last user message of a body that is not checked yet: a fault comes before any check."""
    messages = body.get("messages") if isinstance(body, dict) else None
    for message in reversed(messages if isinstance(messages, list) else []):
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            readable = isinstance(content, str) or (
                isinstance(content, list) and all(isinstance(part, dict) for part in content)
            )
            return text_of(content) if readable else ""
    return ""


def _refused(
    dialect: Dialect, number: int, body: JsonObject, status: int, headers: Iterable[tuple[str, str]] = ()
) -> bytes:
    headers = (*dialect.error_headers(status).items(), *headers)
    return json_reply(dialect.error(body, status), number, status, headers)


def _slowly(directives: Directives, script: Script) -> Script:
    return itertools.chain((Wait(directives.slow),), script) if directives.slow else script


def _model(name: str) -> JsonObject:
    return {"id": name, "object": "model", "created": int(time.time()), "owned_by": "standin"}
