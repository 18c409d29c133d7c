"""What the stand-in answers to a chat request: the choices, token by token, and the usage."""

import itertools
import json
import re
import time
from dataclasses import dataclass
from typing import Any

from local.standin import tokens
from local.standin.ask import Ask, JsonObject
from local.standin.directives import Directives
from local.standin.errors import BadRequest
from local.standin.schema import SchemaError, instance_of
from local.standin.tools import ToolCall, forces_one_tool, results_text, tool_calls_for

_REASONING_TOKENS = {
    "none": 0,
    "minimal": 4,
    "low": 16,
    "medium": 32,
    "high": 64,
    "xhigh": 128,
    "max": 128,
    "default": 32,
}
_REASONING_MODEL = re.compile(r"(?:^|/)o\d|reasoner")
_THOUGHT = tokens.pieces(
    "The user wants an answer, so I think about what they said, step by step, and then I answer."
)
_REFUSAL = tokens.pieces("I'm sorry, I can't assist with that request.")
_EXCERPT_TOKENS = 20


@dataclass(frozen=True, slots=True)
class SpokenCall:
    """A tool call as it is sent: its arguments token by token, cut short where the cap says so."""

    id: str
    call: ToolCall
    arguments: list[str]

    @property
    def tokens(self) -> int:
        """Output tokens of the call: its name and its arguments."""
        return tokens.count(self.call.name) + len(self.arguments)

    @property
    def input(self) -> Any:
        """Its arguments, read; none where they were cut short."""
        try:
            return json.loads("".join(self.arguments) or "{}")
        except ValueError:
            return {}


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer; `thought` is reasoning that is shown, `hidden_thought_tokens` counts what is not."""

    index: int
    text: list[str]
    refusal: list[str]
    calls: list[SpokenCall]
    thought: list[str]
    hidden_thought_tokens: int
    finish: str

    @property
    def reasoning_tokens(self) -> int:
        """Tokens spent on reasoning, shown or not."""
        return len(self.thought) + self.hidden_thought_tokens

    @property
    def tokens(self) -> int:
        """All output tokens of the choice, reasoning included."""
        spoken = len(self.text) + len(self.refusal) + sum(call.tokens for call in self.calls)
        return spoken + self.reasoning_tokens


@dataclass(frozen=True, slots=True)
class Completion:
    """The whole answer."""

    id: str
    created: int
    model: str
    fingerprint: str
    choices: list[Choice]
    prompt_tokens: int
    cached_tokens: int
    cache_write_tokens: int | None

    def usage(self, output_tokens: int | None = None) -> JsonObject:
        """The usage as OpenAI reports it; `output_tokens` where only a part is spoken yet."""
        spoken = sum(choice.tokens for choice in self.choices) if output_tokens is None else output_tokens
        reasoning = sum(choice.reasoning_tokens for choice in self.choices)
        read: JsonObject = {"cached_tokens": self.cached_tokens, "audio_tokens": 0}
        if self.cache_write_tokens is not None:
            read["cache_write_tokens"] = self.cache_write_tokens
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": spoken,
            "total_tokens": self.prompt_tokens + spoken,
            "prompt_tokens_details": read,
            "completion_tokens_details": {
                "reasoning_tokens": min(reasoning, spoken),
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }


def complete(ask: Ask, directives: Directives, number: int) -> Completion:
    """The answer to `ask`; `number` makes its id.

    Raises:
        BadRequest: a schema cannot be filled, or `tool_choice` names no tool.
    """
    prompt_tokens = tokens.prompt_tokens(ask.body)
    cached = min(directives.cached or 0, prompt_tokens)
    written = directives.cache_write
    seed = ask.body.get("seed")
    calls = [] if directives.no_tool or directives.refusal else tool_calls_for(ask)
    text = "" if calls else _text(ask, directives)
    return Completion(
        id=f"chatcmpl-standin{number:08d}",
        created=int(time.time()),
        model=ask.model,
        fingerprint="fp_standin" if seed is None else f"fp_standin_{seed}",
        choices=[
            _choice(ask, directives, place, text=text, calls=calls, number=number)
            for place in range(ask.body.get("n") or 1)
        ],
        prompt_tokens=prompt_tokens,
        cached_tokens=cached,
        cache_write_tokens=None if written is None else min(written, prompt_tokens - cached),
    )


def _text(ask: Ask, directives: Directives) -> str:
    if directives.tokens is not None:
        wanted = itertools.islice(itertools.cycle(tokens.pieces(" " + _sentence(ask))), directives.tokens)
        return "".join(wanted).lstrip()
    wanted_format = ask.body.get("response_format") or {}
    if wanted_format.get("type") == "json_schema":
        return _filled(wanted_format.get("json_schema"))
    if wanted_format.get("type") == "json_object":
        return json.dumps({"answer": _sentence(ask)}, ensure_ascii=False)
    return _sentence(ask)


def _filled(wanted: Any) -> str:
    if not isinstance(wanted, dict) or not isinstance(wanted.get("schema"), dict):
        raise BadRequest("A JSON schema is required.", param="response_format.json_schema")
    try:
        return json.dumps(instance_of(wanted["schema"]), ensure_ascii=False)
    except SchemaError as error:
        raise BadRequest(f"Invalid schema: {error}", param="response_format") from error


def _sentence(ask: Ask) -> str:
    if ask.tool_results:
        return results_text(ask)
    said = tokens.pieces(ask.user_text.strip())
    excerpt = "".join(said[:_EXCERPT_TOKENS]) + ("…" if len(said) > _EXCERPT_TOKENS else "")
    sentence = f'You said "{excerpt}", and this is my answer: everything works.'
    images = tokens.image_count(ask.body)
    return sentence + (f" I looked at {images} image{'s' if images > 1 else ''}." if images else "")


def _choice(
    ask: Ask, directives: Directives, place: int, *, text: str, calls: list[ToolCall], number: int
) -> Choice:
    cap = None if directives.over_cap else ask.cap
    thinks_aloud = bool(_REASONING_MODEL.search(ask.model) or ask.body.get("include_thoughts"))
    thought_tokens = _within(_thought_tokens(ask, directives, thinks_aloud=thinks_aloud), cap)
    left = None if cap is None else cap - thought_tokens
    finish = "tool_calls" if calls and not forces_one_tool(ask) else "stop"
    whole = [] if directives.refusal else tokens.pieces(_until_stop(_for_choice(text, ask, place), ask.stops))
    refusal = _REFUSAL if directives.refusal else []
    spoken_calls, cut_short = _speak(calls, left, f"{number:08d}{place}")
    if cut_short or (left is not None and len(whole) + len(refusal) > left):
        finish = "length"
    return Choice(
        index=place,
        text=whole[:left],
        refusal=refusal[:left],
        calls=spoken_calls,
        thought=list(itertools.islice(itertools.cycle(_THOUGHT), thought_tokens)) if thinks_aloud else [],
        hidden_thought_tokens=0 if thinks_aloud else thought_tokens,
        finish=directives.finish or finish,
    )


def _for_choice(text: str, ask: Ask, place: int) -> str:
    """`text`, told apart for the second choice and those after it, unless it must stay JSON."""
    return (
        text if place == 0 or not text or ask.body.get("response_format") else f"Choice {place + 1}: {text}"
    )


def _within(wanted: int, cap: int | None) -> int:
    return wanted if cap is None else min(wanted, cap)


def _thought_tokens(ask: Ask, directives: Directives, *, thinks_aloud: bool) -> int:
    if directives.reasoning is not None:
        return directives.reasoning
    effort = ask.body.get("reasoning_effort")
    if effort is None:
        return _REASONING_TOKENS["medium"] if thinks_aloud else 0
    if not isinstance(effort, str) or effort not in _REASONING_TOKENS:
        raise BadRequest(f"'{effort}' is no reasoning effort.", param="reasoning_effort")
    return _REASONING_TOKENS[effort]


def _until_stop(text: str, stops: list[str]) -> str:
    places = [text.find(stop) for stop in stops if stop and stop in text]
    return text[: min(places)] if places else text


def _speak(calls: list[ToolCall], left: int | None, number: str) -> tuple[list[SpokenCall], bool]:
    """The calls that fit into `left` tokens, and whether something was cut."""
    spoken: list[SpokenCall] = []
    for place, call in enumerate(calls):
        arguments = tokens.pieces(call.arguments)
        made = SpokenCall(f"call_standin{number}{place:02d}", call, arguments)
        if left is None:
            spoken.append(made)
            continue
        room = left - tokens.count(call.name)
        if room < len(arguments):
            if room > 0:
                spoken.append(SpokenCall(made.id, call, arguments[:room]))
            return spoken, True
        spoken.append(made)
        left = room - len(arguments)
    return spoken, False
