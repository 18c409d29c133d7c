"""Load the packaged catalogue: a custom resource of the stack, and by hand with `{"overrides": {...}}` or `{}`."""

from aggregator.orchestrator import wiring
from aggregator.orchestrator.cloudformation import custom_resource

handler = custom_resource(wiring.load)
