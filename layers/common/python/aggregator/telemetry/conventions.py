"""All names that leave the platform as OpenTelemetry, in one place: the conventions' own, and ours beside them.

Those of `gen_ai.*` are the semantic conventions' as of version 1.44.0 (of development status there), see `SOURCE`. A
test holds each against OpenTelemetry's own package. What the conventions have no name for is `aggregator.*`.
"""

from types import MappingProxyType

SCHEMA = "https://opentelemetry.io/schemas/1.44.0"
SOURCE = "https://opentelemetry.io/docs/specs/semconv/gen-ai/"
"""Spans: `gen-ai-spans/#inference`; metrics and the bounds of their buckets: `gen-ai-metrics/`."""

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
REQUEST_STREAM = "gen_ai.request.stream"
REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE_TOKENS = "gen_ai.usage.cache_creation.input_tokens"
REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens"
TOKEN_TYPE = "gen_ai.token.type"  # noqa: S105 (a name)
ERROR_TYPE = "error.type"
STATUS_CODE = "http.response.status_code"
USER_ID = "user.id"
USER_HASH = "user.hash"
SERVICE_NAME = "service.name"
SERVICE_NAMESPACE = "service.namespace"
SERVICE_VERSION = "service.version"
SERVICE_INSTANCE = "service.instance.id"
DEPLOYMENT = "deployment.environment.name"
CLOUD_PROVIDER = "cloud.provider"
CLOUD_REGION = "cloud.region"

TOKEN_USAGE = "gen_ai.client.token.usage"  # noqa: S105 (a name)
CLIENT_DURATION = "gen_ai.client.operation.duration"
CLIENT_FIRST_CHUNK = "gen_ai.client.operation.time_to_first_chunk"
SERVER_DURATION = "gen_ai.server.request.duration"
SERVER_FIRST_TOKEN = "gen_ai.server.time_to_first_token"  # noqa: S105 (a name)
SERVER_PER_TOKEN = "gen_ai.server.time_per_output_token"  # noqa: S105 (a name)

COST_METRIC = "aggregator.cost"
"""What users were charged, in US dollars: the conventions have no word for money."""

REQUEST_ID = "aggregator.request.id"
KEY_ID = "aggregator.key.id"
PROVIDER_ID = "aggregator.provider.id"
SURFACE = "aggregator.surface"
OUTCOME = "aggregator.outcome"
ATTEMPTS = "aggregator.attempts"
STRATEGY = "aggregator.strategy"
LEFT_OUT = "aggregator.left_out"
IGNORED = "aggregator.ignored"
CAPPED = "aggregator.capped"
ESTIMATED = "aggregator.usage.estimated"
IMAGES = "aggregator.usage.images"
TOOL_CALLS = "aggregator.usage.tool_calls"
SERVICE_TIER = "aggregator.service_tier"
COST_USD = "aggregator.cost.usd"
COST_NANO_USD = "aggregator.cost.nano_usd"
PRICE_VERSION = "aggregator.price.version"
PAID_BY_TEAM = "aggregator.paid_by_team"
FAILED_ATTEMPT = "aggregator.attempt.failed"
"""An event of a span: a try that gave no answer, before the one that did."""

LANGFUSE_COST = "gen_ai.usage.cost"
"""In none of the conventions: where Langfuse reads what a generation cost, which it else takes from a price list of its
own. Source: https://langfuse.com/integrations/native/opentelemetry, property mapping."""

CHAT, EMBEDDINGS = "chat", "embeddings"
INPUT, OUTPUT = "input", "output"

PROVIDERS = MappingProxyType(
    {
        "anthropic": "anthropic",
        "azure": "azure.ai.openai",
        "bedrock": "aws.bedrock",
        "bedrock-converse": "aws.bedrock",
        "bedrock-mantle": "aws.bedrock",
        "cohere": "cohere",
        "deepseek": "deepseek",
        "google": "gcp.gemini",
        "google-openai": "gcp.gemini",
        "groq": "groq",
        "mistral": "mistral_ai",
        "openai": "openai",
        "xai": "x_ai",
    }
)
"""The conventions' words for the catalogue's providers; one that is not here goes by its own name, as they allow."""

TOKEN_BOUNDS = tuple(float(4**n) for n in range(14))
SECONDS_BOUNDS = tuple(2**n / 100 for n in range(14))
FIRST_TOKEN_BOUNDS = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
)  # fmt: skip
PER_TOKEN_BOUNDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)
"""Bounds of buckets, as the conventions advise them for each metric."""
