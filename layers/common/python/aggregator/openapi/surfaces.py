"""Responses, Messages and embeddings as pydantic models, for the document only; see proxy/dialects for what reads them.

They say what is checked and leave items, blocks and tools to the references they come from: OpenAI API reference,
"Create a model response" and "Create embeddings"; https://platform.claude.com/docs/en/api/messages/create.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from aggregator.proxy.dialects.embeddings.from_client import MAX_INPUTS

Objects = list[dict[str, Any]]
ModelName = Annotated[
    str,
    Field(
        min_length=1,
        description="A model of `GET /v1/models`, or `provider/model` to go to that provider and no other.",
    ),
]
Limit = Annotated[int, Field(ge=1, description="Output tokens at most.")]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow")


class ResponsesRequest(_Request):
    """A response, in OpenAI's newer format. It is kept for 30 days, unless `store` is `false`.

    A field that is not offered, or that no provider of the model can honour, is refused by its name.
    """

    model: ModelName
    input: Annotated[
        Annotated[str, Field(min_length=1)] | Annotated[Objects, Field(min_length=1)],
        Field(
            description="A text, or items: messages, calls and their outputs, reasoning, references to kept items."
        ),
    ]
    previous_response_id: Annotated[
        str | None, Field(description="The kept response that this one goes on from.")
    ] = None
    instructions: str | None = None
    max_output_tokens: Limit | None = None
    stream: Annotated[bool | None, Field(description="Answer as server-sent events.")] = None
    stream_options: dict[str, Any] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    tools: Annotated[
        Objects | None,
        Field(description="Functions, and tools that run at the provider where they have a price."),
    ] = None
    tool_choice: Literal["none", "auto", "required"] | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    max_tool_calls: Annotated[
        int | None, Field(ge=1, description="Calls of tools that run at the provider, 5 unless said.")
    ] = None
    text: Annotated[dict[str, Any] | None, Field(description="`format` and `verbosity`.")] = None
    reasoning: Annotated[dict[str, Any] | None, Field(description="`effort`.")] = None
    include: list[str] | None = None
    metadata: dict[str, Any] | None = None
    store: Annotated[bool | None, Field(description="`false`: the response is not kept.")] = None
    background: Literal[False] | None = None
    truncation: Literal["disabled"] | None = None
    service_tier: Annotated[
        str | None, Field(description="A tier that has a price on the route, or `auto` or `default`.")
    ] = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None


class ResponsesUsage(_Answer):
    """Tokens that are charged; at the end of a stream also what they cost."""

    input_tokens: int
    input_tokens_details: dict[str, Any]
    output_tokens: int
    output_tokens_details: dict[str, Any]
    total_tokens: int


class ModelResponse(_Answer):
    """A whole response."""

    id: str
    object: Literal["response"]
    created_at: int
    status: Literal["in_progress", "completed", "incomplete", "failed"]
    model: str
    output: Objects
    store: bool
    usage: ResponsesUsage | None


class MessagesRequest(_Request):
    """A message, in Anthropic's format, of any model.

    A field that is not offered, or that no provider of the model can honour, is refused by its name.
    """

    model: ModelName
    messages: Annotated[Objects, Field(min_length=1, description="Turns of `user` and `assistant`.")]
    max_tokens: Limit
    system: str | Objects | None = None
    stream: Annotated[bool | None, Field(description="Answer as server-sent events.")] = None
    stop_sequences: list[Annotated[str, Field(min_length=1)]] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: Annotated[int | None, Field(ge=1)] = None
    tools: Annotated[
        Objects | None, Field(description="Tools of your own, and server tools that have a price.")
    ] = None
    tool_choice: dict[str, Any] | None = None
    thinking: dict[str, Any] | None = None
    output_config: Annotated[dict[str, Any] | None, Field(description="`effort` and `format`.")] = None
    metadata: dict[str, Any] | None = None
    cache_control: dict[str, Any] | None = None
    context_management: dict[str, Any] | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    speed: Literal["standard"] | None = None


class TokenCountRequest(MessagesRequest):
    """A message whose tokens are counted."""

    max_tokens: Limit | None = None  # type: ignore[assignment] # a count has no limit


class MessagesUsage(_Answer):
    """Tokens that are charged; at the end of a stream also what they cost. Cached ones are no part of the input's."""

    input_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int


class ModelMessage(_Answer):
    """A whole message."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: Objects
    stop_reason: str | None
    stop_sequence: str | None
    usage: MessagesUsage


class TokenCount(_Answer):
    """An estimate, for most writing rather too high than too low."""

    input_tokens: Annotated[int, Field(ge=0)]


Tokens = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]


class EmbeddingsRequest(_Answer):
    """Texts, or tokens by their numbers, to be made vectors. Fields that are not listed pass through."""

    model: ModelName
    input: (
        Annotated[str, Field(min_length=1)]
        | Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1, max_length=MAX_INPUTS)]
        | Tokens
        | Annotated[list[Tokens], Field(min_length=1, max_length=MAX_INPUTS)]
    )
    dimensions: Annotated[int | None, Field(ge=1)] = None
    encoding_format: Literal["float", "base64"] | None = None
    user: str | None = None


class Embedding(_Answer):
    """One vector: numbers, or base64 of 32-bit floats."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingsUsage(_Answer):
    """Tokens that are charged."""

    prompt_tokens: int
    total_tokens: int


class Embeddings(_Answer):
    """A vector for each input, in their order."""

    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: EmbeddingsUsage | None = None
