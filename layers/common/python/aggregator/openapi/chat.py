"""Chat completions as pydantic models, for the document only: the function that serves them imports no pydantic.

It checks what money and routing depend on (proxy/dialects/chat_form.py) and passes all else through, so
unknown fields are allowed.
Source: OpenAI API reference, "Create chat completion", "The chat completion object", "... chunk object".
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from aggregator.proxy.dialects.chat_form import MAX_CHOICES


class _OpenAi(BaseModel):
    model_config = ConfigDict(extra="allow")


class TextPart(_OpenAi):
    """Text."""

    type: Literal["text"]
    text: str


class ImageUrl(_OpenAi):
    """Where the image is."""

    url: Annotated[str, Field(min_length=1, description="A URL, or a data URI with the image in it.")]
    detail: Literal["auto", "low", "high"] | None = None


class ImagePart(_OpenAi):
    """An image, for models with `vision`."""

    type: Literal["image_url"]
    image_url: ImageUrl


class FilePart(_OpenAi):
    """A file, for models that read them."""

    type: Literal["file"]
    file: dict[str, Any]


class RefusalPart(_OpenAi):
    """What an assistant refused with."""

    type: Literal["refusal"]
    refusal: str


Part = Annotated[TextPart | ImagePart | FilePart | RefusalPart, Field(discriminator="type")]


class FunctionCall(_OpenAi):
    """The function that a model wants called."""

    name: str
    arguments: Annotated[str, Field(description="JSON, as a string.", examples=['{"city":"Paris"}'])]


class ToolCall(_OpenAi):
    """A call that a model asks for."""

    id: str
    type: Literal["function"]
    function: FunctionCall


class SystemMessage(_OpenAi):
    """What the model is told to be."""

    role: Literal["system", "developer"]
    content: str | list[TextPart]
    name: str | None = None


class UserMessage(_OpenAi):
    """What the user says."""

    role: Literal["user"]
    content: str | list[Part]
    name: str | None = None


class AssistantMessage(_OpenAi):
    """What the model said before."""

    role: Literal["assistant"]
    content: str | list[Part] | None = None
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None


class ToolMessage(_OpenAi):
    """What a tool answered."""

    role: Literal["tool"]
    content: str | list[TextPart]
    tool_call_id: str


class FunctionMessage(_OpenAi):
    """What a function answered: the old form of a tool message."""

    role: Literal["function"]
    content: str | None
    name: str


Message = Annotated[
    SystemMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage,
    Field(discriminator="role"),
]


class StreamOptions(_OpenAi):
    """How to stream."""

    include_usage: Annotated[
        bool | None, Field(description="Send a last chunk with the usage and, in it, the receipt.")
    ] = None


class FunctionDefinition(_OpenAi):
    """A function that the model may call."""

    name: str
    description: str | None = None
    parameters: Annotated[dict[str, Any] | None, Field(description="JSON schema of its arguments.")] = None
    strict: bool | None = None


class Tool(_OpenAi):
    """A tool that the model may call."""

    type: Literal["function"]
    function: FunctionDefinition


class NamedFunction(_OpenAi):
    """A function by its name."""

    name: str


class NamedTool(_OpenAi):
    """The one tool to call."""

    type: Literal["function"]
    function: NamedFunction


class JsonSchemaFormat(_OpenAi):
    """A schema that the answer must follow."""

    name: str
    description: str | None = None
    schema_: Annotated[dict[str, Any] | None, Field(alias="schema")] = None
    strict: bool | None = None


class ResponseFormat(_OpenAi):
    """What the answer looks like; `json_schema` comes with that type."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchemaFormat | None = None


class ChatCompletionRequest(_OpenAi):
    """A chat completion, in OpenAI's format. Fields that are not listed pass through to the provider.

    A field that no provider of the model can honour is refused by its name, never dropped.
    """

    model: Annotated[
        str,
        Field(
            min_length=1,
            description="A model of `GET /v1/models`, or `provider/model` to go to that provider and no other.",
            examples=["gpt-4o-mini", "openai/gpt-4o-mini"],
        ),
    ]
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: Annotated[bool | None, Field(description="Answer as server-sent events, token by token.")] = None
    stream_options: StreamOptions | None = None
    max_completion_tokens: Annotated[
        int | None,
        Field(
            ge=1,
            description="Output tokens at most. Without it: what the model allows or the balance can pay, "
            "whichever is less; `x-aggregator-max-tokens` says how many.",
        ),
    ] = None
    max_tokens: Annotated[int | None, Field(ge=1, description="The old name of `max_completion_tokens`.")] = (
        None
    )
    n: Annotated[int | None, Field(ge=1, le=MAX_CHOICES, description="How many choices; each is paid.")] = (
        None
    )
    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    reasoning_effort: str | None = None
    user: str | None = None
    metadata: dict[str, Any] | None = None


class TokenUsage(_OpenAi):
    """Tokens that are charged. Cached ones are among the prompt's, reasoning among the completion's."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: dict[str, Any] | None = None
    completion_tokens_details: dict[str, Any] | None = None


class Receipt(TokenUsage):
    """Usage at the end of a stream, with what it cost. Amounts are decimal strings of US dollars."""

    cost_usd: str
    hold_usd: str
    balance_usd: Annotated[
        str | None, Field(description="Not there where nothing was held, for a model that costs nothing.")
    ] = None
    price_version: str
    request_id: str
    estimated: Annotated[
        bool, Field(description="The provider did not count, so the tokens are an estimate.")
    ]


class AnswerMessage(_OpenAi):
    """What the model says."""

    role: Literal["assistant"]
    content: str | list[dict[str, Any]] | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None


class Choice(_OpenAi):
    """One answer."""

    index: int
    message: AnswerMessage
    finish_reason: str | None = None
    logprobs: dict[str, Any] | None = None


class ChatCompletion(_OpenAi):
    """A whole answer, as the provider gave it."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: Annotated[list[Choice], Field(min_length=1)]
    usage: TokenUsage | None = None


class Delta(_OpenAi):
    """What is new in this chunk."""

    role: str | None = None
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[dict[str, Any]] | None = None


class ChunkChoice(_OpenAi):
    """One answer's part in a chunk."""

    index: int
    delta: Delta
    finish_reason: str | None = None


class ChatCompletionChunk(_OpenAi):
    """A piece of an answer. Only the last one has no choices: it carries the usage, if that was asked for."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Receipt | None = None
