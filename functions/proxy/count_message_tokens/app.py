"""POST /v1/messages/count_tokens and /proxy/anthropic/v1/messages/count_tokens: an estimate, free."""

from aggregator.proxy.dialects.messages.count import counting
from aggregator.proxy.wiring import catalogue
from aggregator.runtime.streaming import portable

handler = portable(counting(lambda now: catalogue().current(now)))
