"""The native lane of Responses: the client's request as it came, and the provider's answer as it came.

What goes out differs from what the client sent in these, and in nothing else:

| field                       | becomes                                                                  |
|-----------------------------|--------------------------------------------------------------------------|
| `model`                     | the provider's name for it                                               |
| `max_output_tokens`         | the cap that the held money covers                                       |
| `store`                     | false: what a provider keeps is the platform's account's, so all users'  |
| `include`                   | with `reasoning.encrypted_content` where the client counted on the store |
| `input`                     | without what a store or another provider sealed; runs of code in words   |
| `prompt_cache_key`          | a keyed hash of it and the user, so that nobody reads another's cache    |
| `safety_identifier`         | a keyed hash of the user, where the client set neither it nor `user`     |
| `tools`, `max_tool_calls`   | those that run at OpenAI under a cap, or left out: `hosted.py`           |
| `client_metadata`           | left out: the client's own notes                                         |
| `image_url`, `file_url`     | the file as a data URI, where the provider fetches none                  |
| fields that ask for nothing | left out (`background: false`)                                           |
| what a provider has not     | left out and told: `leftOut` of its entry, for the dialect               |

The answer passes as it came, but for the receipt in the usage of a stream's last event; one that is kept here gets its
own id (answers/kept_responses.py). Standard library only. Source: OpenAI API reference, "Create a model response" and
"Streaming events".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.billing.price import Usage
from aggregator.errors import ProviderFailed, ProviderUnreadable, Refusal, envelope
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.dialects.fields import RESPONSES, passed
from aggregator.proxy.dialects.hosted import refuse_unknown
from aggregator.proxy.dialects.lengths import utf8_bytes
from aggregator.proxy.dialects.native import log_unknown, named_event, told_of, without
from aggregator.proxy.dialects.reasoning import is_packed
from aggregator.proxy.dialects.refused import refusal_of
from aggregator.proxy.dialects.responses.client_errors import failure
from aggregator.proxy.dialects.responses.hosted import (
    Count,
    capped,
    is_known,
    refuse_in_items,
    refuse_kept,
    without_containers,
)
from aggregator.proxy.dialects.usage import usage_of
from aggregator.proxy.exchange import Answer, Progress, UpstreamRequest
from aggregator.proxy.model import Ask, JsonObject, Receipt, Way, tier_named
from aggregator.proxy.upstream.request import request_to
from aggregator.proxy.upstream.told_user import told_to_openai
from aggregator.runtime.sse import payload_of, provider_json, split, whole_events

SEALED = "reasoning.encrypted_content"

_ENDS = frozenset({"response.completed", "response.incomplete"})
_FAILURES = frozenset({"response.failed", "error"})
# What a piece of an answer says, by the event that brings it.
_DELTAS = frozenset({
    "response.output_text.delta", "response.refusal.delta", "response.function_call_arguments.delta",
    "response.custom_tool_call_input.delta", "response.reasoning_summary_text.delta",
    "response.reasoning_text.delta",
})  # fmt: skip


def encode(ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
    """Request to a provider that speaks Responses, with the cap of `way` in it; see the table above.

    Raises:
        UnsupportedParameter: a field that is handled here, or has no price here, asks for something.
    """
    provider = way.route.provider
    body = passed(ask.asked, RESPONSES, house=provider.is_house_of("responses"), tier=ask.service_tier)
    log_unknown(body, RESPONSES, "responses")
    spoken = provider.dialects["responses"]
    body, left_out = capped(body, ask, way)
    ignored = [*left_out, *told_of(ask.asked, spoken.left_out)]
    body["model"] = way.route.via.upstream_model
    body["max_output_tokens"] = way.output_tokens
    if body.pop("client_metadata", None) is not None:
        ignored.append("client_metadata")
    _without_store(body, way)
    body |= told_to_openai(body, ask.user_id, key)
    body = without(body, spoken.left_out)
    return request_to(way.route.via, spoken.path, body, key, stream=ask.stream, ignored=tuple(ignored))


def check(ask: Ask, via: CatalogueRoute) -> None:
    """Pass a request that can go this way; money is held only then.

    Raises:
        UnsupportedParameter: names the field that cannot be honoured.
    """
    house = via.provider.is_house_of("responses")
    body = passed(ask.asked, RESPONSES, house=house, tier=ask.service_tier)
    refuse_kept(body)
    refuse_in_items(body)
    if not house:
        refuse_unknown(body.get("tools"), is_known)


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """An error by status."""
    return refusal_of(status, headers, body)


def decode(body: bytes, progress: Progress) -> bytes:
    """The plain answer, as it came; its usage goes into `progress`.

    Raises:
        ProviderFailed: an error under status 200.
        ProviderUnreadable: no response that came to an end.
    """
    said = provider_json(body, "The provider answered what is not JSON.")
    if not isinstance(said, dict):
        raise ProviderUnreadable("The provider answered without a response.")
    if said.get("error") or said.get("status") in ("failed", "cancelled"):
        raise ProviderFailed("The provider failed.")
    output = said.get("output")
    if not isinstance(output, list) or said.get("status") not in ("completed", "incomplete"):
        raise ProviderUnreadable("The provider answered without a response.")
    counted = Count(progress)
    for item in output:
        progress.say(bytes_of_item(item))
        counted.add(item)
    if (usage := usage_of(said.get("usage"))) is not None:
        progress.count(usage)
    progress.service_tier = tier_named(said.get("service_tier"))
    progress.finished = True
    return body


def stream(blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    """The stream's events as they came, up to the last, which waits for the receipt.

    Raises:
        ProviderFailed: the response failed.
        ProviderUnreadable: what cannot be read came in the stream.
        UpstreamError: the stream broke off.
    """
    counted = Count(progress)
    for run in whole_events(blocks):
        for event in split(run):
            payload = payload_of(event)
            if not payload or payload.strip() == b"[DONE]":
                if not payload:
                    yield event
                continue
            said = provider_json(payload, "The provider sent an event that is not JSON.")
            kind = said.get("type") if isinstance(said, dict) else None
            if not isinstance(kind, str):
                raise ProviderUnreadable("The provider sent an event that cannot be read.")
            if kind in _FAILURES:
                raise ProviderFailed("The provider failed in mid-stream.")
            if kind in _ENDS:
                _finish(said, progress)
                return
            number = said.get("sequence_number")
            progress.events = number + 1 if isinstance(number, int) else progress.events + 1
            if kind in _DELTAS:
                progress.say(utf8_bytes(said.get("delta")))
            elif kind == "response.created" and isinstance(said.get("response"), dict):
                progress.usage_chunk = said["response"]
            else:
                _read_item(kind, said.get("item"), progress, counted)
            yield event


def end(_ask: Ask, answer: Answer, receipt: Receipt) -> Iterator[bytes]:
    """What waited: the event with the whole response, the receipt in its usage."""
    last = answer.progress.usage_chunk or {"type": "response.completed", "response": {}}
    response = last.get("response") or {}
    usage = response.get("usage")
    told = {**(usage if isinstance(usage, dict) else {}), **receipt.in_stream()}
    yield named_event({**last, "response": {**response, "usage": told}})


def whole(_ask: Ask, body: bytes, _usage: Usage) -> list[bytes]:
    """The plain answer, as it came."""
    return [body]


def fail(refused: Refusal, request_id: str, progress: Progress) -> bytes:
    """A failure in mid-stream: of the response that began, numbered after its last event."""
    response = {
        "id": f"resp_{request_id}",
        "object": "response",
        "output": [],
        **(progress.usage_chunk or {}),
    }
    return b"".join(failure(envelope(refused, request_id)["error"], response, progress.events))


def bytes_of_item(item: Any) -> int:
    """How much text an item of the output says, as UTF-8."""
    if not isinstance(item, dict):
        return 0
    said = sum(utf8_bytes(item.get(name)) for name in ("name", "arguments", "input"))
    for name in ("content", "summary"):
        parts = item.get(name)
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict):
                said += utf8_bytes(part.get("text")) + utf8_bytes(part.get("refusal"))
    return said


def _finish(event: JsonObject, progress: Progress) -> None:
    response = event.get("response")
    if not isinstance(response, dict):
        raise ProviderUnreadable("The provider sent an event that cannot be read.")
    if (usage := usage_of(response.get("usage"))) is not None:
        progress.count(usage)
    progress.service_tier = tier_named(response.get("service_tier"))
    progress.usage_chunk = event
    progress.begun = progress.finished = True


def _read_item(kind: str, item: Any, progress: Progress, counted: Count) -> None:
    if kind == "response.output_item.added":
        progress.say(utf8_bytes(item.get("name")) if isinstance(item, dict) else 0)
    elif kind == "response.output_item.done":
        counted.add(item)


def _without_store(body: JsonObject, way: Way) -> None:
    """Nothing is kept at the provider; what the client would have had of its store travels sealed instead."""
    counted_on_it = body.get("store") is not False
    body["store"] = False
    included = body.get("include")
    sealed = isinstance(included, list) and SEALED in included
    if counted_on_it and not sealed and way.route.via.can("reasoning"):
        body["include"] = [*(included if isinstance(included, list) else []), SEALED]
    if isinstance(body.get("input"), list):
        items = [item for item in body["input"] if not _is_kept_elsewhere(item)]
        if any(isinstance(item, dict) and item.get("role") == "assistant" for item in items):
            from aggregator.proxy.dialects.responses.citations import without_ours  # noqa: PLC0415 (only they cite)

            items = without_ours(items)
        body["input"] = without_containers(items)


def _is_kept_elsewhere(item: Any) -> bool:
    if not isinstance(item, dict) or item.get("type") != "reasoning":
        return False
    sealed = item.get("encrypted_content")
    if isinstance(sealed, str) and is_packed(sealed):
        return True  # by another provider, whose answer is gone on from here
    return not sealed and not item.get("content")
