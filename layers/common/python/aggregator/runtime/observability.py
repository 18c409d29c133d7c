"""Logs and metrics of the functions off the hot path, by Powertools: JSON lines, and EMF metrics in them.

Expected refusals log at INFO: an alarm on errors must mean that something of ours is broken.
"""

import logging
import os

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE = "Aggregator"

logger = Logger(
    service=os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "aggregator"),
    use_rfc3339=True,
    utc=True,
)
# Not by `level=`: Powertools takes Lambda's own filter before it, which stays at INFO for the metrics' sake.
_LEAST = logging.getLevelNamesMapping()[os.environ.get("LOG_LEVEL", "INFO")]
logger.addFilter(lambda record: record.levelno >= _LEAST)
metrics = Metrics(
    namespace=NAMESPACE,
    service=os.environ.get("ENVIRONMENT", "local"),
)


def count(name: str, value: float = 1) -> None:
    """Add to a counter metric; a metric that cannot be written never fails the work it counts."""
    metrics.add_metric(name=name, unit="Count", value=value)


def measure(name: str, milliseconds: float) -> None:
    """Add one value to a metric of times, of which CloudWatch then knows any percentile."""
    metrics.add_metric(name=name, unit="Milliseconds", value=milliseconds)


def tell(name: str, value: float, **dimensions: str) -> None:
    """Write one value of a metric that is told apart by more than the environment; each such metric costs by itself."""
    service = {"service": os.environ.get("ENVIRONMENT", "local")}
    with single_metric(
        name=name, unit=MetricUnit.NoUnit, value=value, namespace=NAMESPACE, default_dimensions=service
    ) as metric:
        for dimension, said in dimensions.items():
            metric.add_dimension(name=dimension, value=said)


def flush() -> None:
    """Write out what was counted; nothing if nothing was."""
    if metrics.metric_set:
        metrics.flush_metrics()
