"""POST /v1/messages/count_tokens and /proxy/anthropic/v1/messages/count_tokens: an estimate, free."""

from aggregator.proxy.count_tokens import counting
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.messages.from_client import taken
from aggregator.proxy.dialects.messages.tokens import estimated_tokens
from aggregator.proxy.wiring import catalogue
from aggregator.runtime.streaming import portable

handler = portable(counting(MESSAGES, taken, estimated_tokens, lambda now: catalogue().current(now)))
