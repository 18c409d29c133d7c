"""The calls by which providers count a request's input, each as strict as its own; nothing is generated.

| path, under any prefix            | takes                                                                  | source |
|-----------------------------------|------------------------------------------------------------------------|--------|
| `.../messages/count_tokens`       | the fields of its type alone: `max_tokens` and the like are refused    | [1]    |
| `.../responses/input_tokens`      | the same; `max_output_tokens`, `store` and `stream` are refused        | [2]    |
| `.../models/{model}:countTokens`  | `contents`, or `generateContentRequest` with its `model`, never both   | [3]    |

Whatever else the provider refuses of a request it refuses here too (`refusals/`). The count is the one that the answer
to the same request would have. Sources: [1] https://platform.claude.com/docs/en/api/messages/count_tokens,
[2] https://developers.openai.com/api/reference/resources/responses/subresources/input_tokens/methods/count,
[3] https://ai.google.dev/api/tokens; the fields are those of their SDKs' types.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from local.standin import tokens
from local.standin.ask import JsonObject
from local.standin.dialects import Dialect, gemini, messages, responses
from local.standin.errors import BadRequest
from local.standin.refusals import refuse
from local.standin.refusals.fields import COUNT_MESSAGES, COUNT_RESPONSES
from local.standin.refusals.reading import extra

_MESSAGES, _RESPONSES, _GENERATE = (cast("Dialect", each) for each in (messages, responses, gemini))
_GEMINI = re.compile(r".*/models/(?P<model>[^/:]+):countTokens")


@dataclass(frozen=True, slots=True)
class Counting:
    """One such call: what is to be counted of its body, as a request of its dialect, and how the count is said."""

    dialect: Dialect
    request: Callable[[JsonObject], JsonObject]
    answer: Callable[[int], JsonObject]

    def __call__(self, path: str, headers: Mapping[str, str], body: Any) -> JsonObject:
        """The count.

        Raises:
            BadRequest: the provider would refuse it.
        """
        if not isinstance(body, dict):
            raise BadRequest("The body must be a JSON object.")
        request = self.request(body)
        refuse(self.dialect.NAME, str(request.get("model")), path, headers, request)
        try:
            said = self.dialect.to_chat({"stream": False} | request)
        except (AttributeError, KeyError, TypeError, ValueError) as wrong:
            raise BadRequest(f"A field has a wrong type: {wrong}") from wrong
        return self.answer(tokens.prompt_tokens(said))


def at(path: str) -> Counting | None:
    """The counting call at a path, if it is one."""
    if path.endswith("/messages/count_tokens"):
        return Counting(_MESSAGES, _of_messages, lambda count: {"input_tokens": count})
    if path.endswith("/responses/input_tokens"):
        return Counting(
            _RESPONSES,
            _of_responses,
            lambda count: {"object": "response.input_tokens", "input_tokens": count},
        )
    if found := _GEMINI.fullmatch(path):
        model = found["model"]
        return Counting(
            _GENERATE,
            lambda body: _of_gemini(body, model),
            lambda count: {
                "totalTokens": count,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": count}],
            },
        )
    return None


def _of_messages(body: JsonObject) -> JsonObject:
    if name := extra(body, COUNT_MESSAGES):
        raise BadRequest(f"{name}: Extra inputs are not permitted", param=name)
    for name in ("model", "messages"):
        if not body.get(name):
            raise BadRequest(f"{name}: Field required", param=name)
    budget = (body.get("thinking") or {}).get("budget_tokens") or 0
    return body | {"max_tokens": budget + 1}


def _of_responses(body: JsonObject) -> JsonObject:
    if name := extra(body, COUNT_RESPONSES):
        raise BadRequest(f"Unknown parameter: '{name}'.", param=name)
    return body | {"store": False}


def _of_gemini(body: JsonObject, model: str) -> JsonObject:
    if name := extra(body, {"contents", "generateContentRequest"}):
        raise BadRequest(
            f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.', param=name
        )
    if ("contents" in body) == ("generateContentRequest" in body):
        raise BadRequest("Exactly one of contents and generateContentRequest must be set.")
    asked = body.get("generateContentRequest")
    if asked is None:
        return {"contents": body["contents"], "model": model}
    if asked.get("model") != f"models/{model}":
        raise BadRequest("generateContentRequest.model: must be the model of the path", param="model")
    return {**asked, "model": model}
