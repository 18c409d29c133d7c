"""Fields of requests in the SDKs that are installed where this runs, as JSON: `python local/sdk_fields.py`.

It knows nothing of this project, so that it runs in any environment with anthropic, openai, google-genai and botocore.
"""

import json
import re
from importlib.metadata import version

from anthropic.types.beta.message_create_params import MessageCreateParamsBase as BetaMessages
from anthropic.types.message_create_params import MessageCreateParamsBase as Messages
from botocore.session import get_session
from google.genai.types import GenerateContentConfig
from openai.types.chat.completion_create_params import CompletionCreateParamsBase as Chat
from openai.types.embedding_create_params import EmbeddingCreateParams as Embeddings
from openai.types.responses.response_create_params import ResponseCreateParamsBase as Responses

SDKS = ("anthropic", "openai", "google-genai", "botocore")

# What an SDK takes as an argument and sends elsewhere, or keeps to itself.
_NO_FIELDS = {
    "messages": {"betas"},
    "gemini": {"http_options", "automatic_function_calling", "should_return_http_response"},
}


def fields() -> dict[str, list[str]]:
    """By dialect, the names of a request's fields on the wire."""
    bedrock = get_session().get_service_model("bedrock-runtime")
    found = {
        "messages": {*Messages.__annotations__, *BetaMessages.__annotations__},
        "responses": {*Responses.__annotations__},
        "chat": {*Chat.__annotations__},
        "embeddings": {*Embeddings.__annotations__},
        "gemini": {*GenerateContentConfig.model_fields},
        "converse": {
            name
            for operation in ("Converse", "ConverseStream")
            for name in getattr(bedrock.operation_model(operation).input_shape, "members", ())
        },
    }
    said = {dialect: names - _NO_FIELDS.get(dialect, set()) for dialect, names in found.items()}
    said["gemini"] = {"contents", *map(_as_on_the_wire, said["gemini"])}
    return {dialect: sorted(names) for dialect, names in said.items()}


def _as_on_the_wire(name: str) -> str:
    return re.sub(r"_(\w)", lambda letter: letter[1].upper(), name)


if __name__ == "__main__":
    print(json.dumps({"versions": {name: version(name) for name in SDKS}, "fields": fields()}))
