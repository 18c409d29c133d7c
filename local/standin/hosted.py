"""Tools that run at the provider, and service tiers, as the stand-in has them: put into an answer that is made already.

A tool is called once if `tool_choice` demands it or the user speaks of its work (search, fetch, code), or as often as
the directive `searches` says, and never more often than the request's cap. Each call finds 100 tokens, which the model
reads; after it, all that was read before is read again, and counted as cached. Sources: OpenAI's guides "Web search"
and "Code interpreter"; https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from local.standin.ask import JsonObject
from local.standin.directives import Directives

FOUND_TOKENS = 100

_WORDS = {"web_search": "search", "web_fetch": "fetch", "code_interpreter": "code"}
_TIERS = {"flex": "flex", "priority": "priority", "fast": "priority"}
_SEALED = "c3RhbmQtaW4="
_PAGE = {"title": "A page of the stand-in", "url": "https://example.com/"}


class Extras:
    """What a request gets besides its answer."""

    def __init__(self, path: str, body: JsonObject, directives: Directives, user_text: str) -> None:
        self._speaks_messages = path.endswith("/messages")
        self._tier = _TIERS.get(str(body.get("service_tier")), "")
        self._no_usage = directives.no_usage
        self._calls: list[str] = []
        if self._speaks_messages or path.endswith("/responses"):
            self._calls = list(_calls(body, directives, user_text))

    def whole(self, answer: JsonObject) -> JsonObject:
        """A plain answer, with what the tools did in front of its words."""
        answer = self._in_tier(answer)
        if not self._calls:
            return answer
        where = "content" if self._speaks_messages else "output"
        return self._counted({**answer, where: [*self._parts(), *answer[where]]})

    def events(self, events: Iterable[JsonObject]) -> Iterator[JsonObject]:
        """The same of a stream."""
        if not self._calls:
            yield from map(self._in_tier, events)
        elif self._speaks_messages:
            yield from self._of_message(events)
        else:
            for number, event in enumerate(self._of_response(events)):
                yield {**event, "sequence_number": number}

    def _of_message(self, events: Iterable[JsonObject]) -> Iterator[JsonObject]:
        parts = self._parts()
        for event in events:
            if event["type"] == "message_delta":
                yield self._counted(event)
            elif "index" in event:
                yield {**event, "index": event["index"] + len(parts)}
            else:
                yield event
            if event["type"] == "message_start":
                for index, part in enumerate(parts):
                    yield {"type": "content_block_start", "index": index, "content_block": part}
                    yield {"type": "content_block_stop", "index": index}

    def _of_response(self, events: Iterable[JsonObject]) -> Iterator[JsonObject]:
        parts = self._parts()
        for event in events:
            if event["type"] in ("response.completed", "response.incomplete"):
                yield {**event, "response": self.whole(event["response"])}
            elif "output_index" in event:
                yield {**event, "output_index": event["output_index"] + len(parts)}
            else:
                yield self._in_tier(event)
            if event["type"] == "response.in_progress":
                for index, part in enumerate(parts):
                    at, kind = {"output_index": index, "item_id": part["id"]}, part["type"]
                    begun = {**part, "status": "in_progress"}
                    yield {"type": "response.output_item.added", "output_index": index, "item": begun}
                    yield {"type": f"response.{kind}.in_progress", **at}
                    yield {"type": f"response.{kind}.completed", **at}
                    yield {"type": "response.output_item.done", "output_index": index, "item": part}

    def _parts(self) -> list[JsonObject]:
        made = _blocks if self._speaks_messages else _items
        return [part for number, name in enumerate(self._calls) for part in made(number, name)]

    def _counted(self, said: JsonObject) -> JsonObject:
        """With what was found, and read again, in its usage."""
        if self._no_usage or not said.get("usage"):
            return said
        usage, calls = dict(said["usage"]), len(self._calls)
        if self._speaks_messages:
            before = usage["input_tokens"]
            usage["cache_read_input_tokens"] += _read_again(before, calls)
            usage["input_tokens"] += calls * FOUND_TOKENS
            counts = {f"{name}_requests": self._calls.count(name) for name in ("web_search", "web_fetch")}
            return {**said, "usage": {**usage, "server_tool_use": counts}}
        again = _read_again(usage["input_tokens"], calls)
        details = usage["input_tokens_details"]
        usage["input_tokens_details"] = {**details, "cached_tokens": details["cached_tokens"] + again}
        usage["input_tokens"] += calls * FOUND_TOKENS + again
        usage["total_tokens"] = usage["input_tokens"] + usage["output_tokens"]
        return {**said, "usage": usage}

    def _in_tier(self, said: JsonObject) -> JsonObject:
        if not self._tier or self._speaks_messages:
            return said
        if isinstance(said.get("response"), dict):
            return {**said, "response": {**said["response"], "service_tier": self._tier}}
        return {**said, "service_tier": self._tier} if "object" in said else said


def _calls(body: JsonObject, directives: Directives, user_text: str) -> Iterator[str]:
    """The tools that are called, in order, each as often as it is."""
    left = body.get("max_tool_calls")
    for tool in body.get("tools") or ():
        kind = str(tool.get("type"))
        name = next((name for name in _WORDS if kind.startswith(name)), None)
        if name is None:
            continue
        wanted = directives.searches
        if wanted is None:
            wanted = int(_WORDS[name] in user_text.lower() or _demands(body.get("tool_choice"), kind, name))
        caps = [cap for cap in (tool.get("max_uses"), left) if isinstance(cap, int)]
        made = min([wanted, *caps])
        left = left - made if isinstance(left, int) else left
        yield from [name] * made


def _demands(choice: Any, kind: str, name: str) -> bool:
    said = choice if isinstance(choice, dict) else {"type": choice}
    return said.get("type") in ("any", "required", kind) or said.get("name") == name


def _read_again(before: int, calls: int) -> int:
    return sum(before + made * FOUND_TOKENS for made in range(calls))


def _blocks(number: int, name: str) -> Iterator[JsonObject]:
    used = f"srvtoolu_standin{number:02d}"
    asked = {"query": "stand-in"} if name == "web_search" else {"url": _PAGE["url"]}
    yield {"type": "server_tool_use", "id": used, "name": name, "input": asked}
    if name == "web_search":
        found: Any = [{"type": "web_search_result", **_PAGE, "encrypted_content": _SEALED, "page_age": None}]
    else:
        source = {"type": "text", "media_type": "text/plain", "data": "It works."}
        document = {"type": "document", "source": source, "title": _PAGE["title"], "citations": None}
        found = {"type": "web_fetch_result", "url": _PAGE["url"], "content": document, "retrieved_at": None}
    yield {"type": f"{name}_tool_result", "tool_use_id": used, "content": found}


def _items(number: int, name: str) -> Iterator[JsonObject]:
    if name == "code_interpreter":
        yield {
            "type": "code_interpreter_call",
            "id": f"ci_standin{number:02d}",
            "status": "completed",
            "container_id": "cntr_standin",
            "code": "print('it works')",
            "outputs": [{"type": "logs", "logs": "it works\n"}],
        }
        return
    action = {"type": "search", "query": "stand-in", "queries": ["stand-in"]}
    yield {
        "type": "web_search_call",
        "id": f"ws_standin{number:02d}",
        "status": "completed",
        "action": action,
    }
