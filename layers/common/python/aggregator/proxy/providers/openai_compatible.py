"""Any provider that speaks OpenAI's Chat Completions: encode, decode, stream.

Bytes pass through; only what money and routing need is read. Source: OpenAI API reference, "Create chat
completion" and "Chat completion chunk".
"""

import json
import re
from collections.abc import Iterator

from aggregator.errors import ProviderFailed
from aggregator.orchestrator.parameters import fitted
from aggregator.proxy.model import Ask, Progress, UpstreamRequest, Way
from aggregator.proxy.providers.openai_request import request_to
from aggregator.proxy.providers.openai_usage import usage_json, usage_of
from aggregator.proxy.sse import data_event, payload_of, split, whole_events

_OURS = frozenset({"model", "max_tokens", "max_completion_tokens", "stream_options"})

# What a delta says to its reader; its length is what a fallback count goes by. Possessive: with every character kept to
# come back to, a megabyte of answer takes 140 MB.
_SAID = re.compile(rb'"(?:content|reasoning_content|reasoning|arguments|refusal)":\s*"((?:[^"\\]++|\\.)*+)"')
_USAGE = re.compile(rb'"usage":\s*\{')
_IS_EVENT = re.compile(rb"\s*(?::|data:|event:|id:|retry:)")
_FINISHED = re.compile(rb'"finish_reason":\s*"')
_NULL_USAGE = re.compile(rb',\s*"usage":\s*null')


def encode(ask: Ask, way: Way, key: str | None) -> UpstreamRequest:
    """Request to the provider: the client's own, under the provider's name for the model, and with the cap."""
    provider = way.route.provider
    body = fitted({name: value for name, value in ask.body.items() if name not in _OURS}, provider)
    body["model"] = way.route.via.upstream_model
    body[provider.max_tokens_field] = way.output_tokens
    if ask.stream and provider.stream_options:
        body["stream_options"] = {**(ask.body.get("stream_options") or {}), "include_usage": True}
    return request_to(provider, "/chat/completions", body, key, stream=ask.stream)


def decode(body: bytes, progress: Progress) -> bytes:
    """Answer for the client; its usage goes into `progress`.

    Raises:
        ProviderFailed: no JSON, an error under status 200, or no choices.
    """
    try:
        said = json.loads(body)
    except ValueError:
        raise ProviderFailed("The provider answered what is not JSON.") from None
    if not isinstance(said, dict) or said.get("error") or not said.get("choices"):
        raise ProviderFailed("The provider answered without a completion.")
    _count(body, progress)
    progress.usage = usage_of(said.get("usage"))
    progress.finished = True
    if progress.usage is None or isinstance(said["usage"].get("total_tokens"), int):
        return body
    said["usage"] = usage_json(progress.usage, said["usage"])
    return json.dumps(said, separators=(",", ":")).encode()


def stream(blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    """Pass a stream's events on as they come; usage goes into `progress`, and the end mark is left out.

    Whether the answer was complete is in `progress.finished`.

    Raises:
        ProviderFailed: the provider put an error, or what is no JSON, into the stream.
        UpstreamError: the stream broke off.
    """
    for run in whole_events(blocks):
        if not run.startswith(b"data:") and not _IS_EVENT.match(run):
            raise ProviderFailed("The provider answered what is no stream of events.")
        if not _needs_reading(run):
            yield _pass_on(run, progress)
            continue
        for event in split(run):
            if _needs_reading(event):
                yield from _read(event, progress)
            else:
                yield _pass_on(event, progress)


def _needs_reading(run: bytes) -> bool:
    """Whether there is more in it than the next words; looking for a word is quicker than for a pattern."""
    return (
        b"[DONE]" in run
        or b'"error":' in run
        or (b'"usage":' in run and _USAGE.search(run) is not None)
        or b'"choices":[]' in run
        or b'"choices": []' in run
    )


def _pass_on(run: bytes, progress: Progress) -> bytes:
    _count(run, progress)
    if b'"finish_reason":' in run:
        progress.ended += len(_FINISHED.findall(run))
        progress.finished = progress.finished or progress.ended >= progress.choices
    return _NULL_USAGE.sub(b"", run) if b'"usage"' in run else run


def _read(event: bytes, progress: Progress) -> Iterator[bytes]:
    payload = payload_of(event)
    if not payload:
        yield event  # a comment
        return
    if payload.strip() == b"[DONE]":
        progress.finished = True
        return
    try:
        said = json.loads(payload)
    except ValueError:
        raise ProviderFailed("The provider sent an event that is not JSON.") from None
    if not isinstance(said, dict) or said.get("error"):
        raise ProviderFailed("The provider failed in mid-stream.")
    usage = said.pop("usage", None)
    if usage is not None:
        progress.usage = usage_of(usage) or progress.usage
        progress.usage_chunk = {
            "id": said.get("id"),
            "object": "chat.completion.chunk",
            "created": said.get("created"),
            "model": said.get("model"),
            "choices": [],
            "usage": usage_json(progress.usage, usage) if progress.usage else usage,
        }
    if said.get("choices"):
        yield _pass_on(data_event(said), progress)


def _count(data: bytes, progress: Progress) -> None:
    for match in _SAID.finditer(data):
        progress.output_bytes += match.end(1) - match.start(1)
