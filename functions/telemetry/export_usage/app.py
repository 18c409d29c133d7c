"""Queue telemetry: tell each request's end to the OTLP endpoint, as a span and in metrics."""

from aggregator.runtime.batch import each_batch
from aggregator.telemetry import wiring

handler = each_batch(wiring.export)
