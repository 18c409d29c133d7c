"""The words of a dashboard: a series, a graph of some, a question to the logs, and a row of the walk."""

from dataclasses import dataclass, field

DIMENSION = tuple[str, str]

API: tuple[DIMENSION, ...] = (("ApiName", "${Api}"), ("Stage", "${StageName}"))
CALLING = ("Chat", "Responses", "Messages", "Embeddings")
"""The functions that call models, by their parameters without `Function`."""

WALKS = tuple(f"proxy/create_{name}" for name in ("chat_completion", "response", "message", "embedding"))
"""Their folders."""

OURS: tuple[DIMENSION, ...] = (("service", "${Environment}"),)


@dataclass(frozen=True, slots=True)
class Series:
    """One metric under one statistic. Places in `${}` are parameters of the nested template."""

    namespace: str
    metric: str
    dimensions: tuple[DIMENSION, ...]
    stat: str = "Sum"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """Series over time. `unit` is Grafana's word for it."""

    title: str
    series: tuple[Series, ...]
    unit: str = "short"


@dataclass(frozen=True, slots=True)
class Question:
    """A query over log groups of the stack, by the folders of their functions (`api` is the access log)."""

    title: str
    logs: tuple[str, ...]
    query: str
    view: str = "table"


@dataclass(frozen=True, slots=True)
class Row:
    """One step of the walk: how much, what went wrong, how long, how full."""

    step: str
    rate: Graph
    errors: Graph | Question
    latency: Graph
    saturation: Graph


@dataclass(frozen=True, slots=True)
class Section:
    """Graphs and questions side by side under a heading."""

    title: str
    widgets: tuple[Graph | Question, ...] = field(default=())


def ours(metric: str, stat: str = "Sum", label: str = "") -> Series:
    """A metric that the platform's functions write."""
    return Series("Aggregator", metric, OURS, stat, label)


def api(metric: str, stat: str = "Sum", label: str = "") -> Series:
    """A metric of the API's stage."""
    return Series("AWS/ApiGateway", metric, API, stat, label)


def function(name: str, metric: str, stat: str = "Sum", label: str = "") -> Series:
    """A metric of a function, by its parameter without `Function`."""
    return Series("AWS/Lambda", metric, (("FunctionName", f"${{{name}Function}}"),), stat, label)


def queue(name: str, metric: str, stat: str = "Maximum", label: str = "") -> Series:
    """A metric of a queue, by its parameter."""
    return Series("AWS/SQS", metric, (("QueueName", f"${{{name}}}"),), stat, label)


def table(name: str, metric: str, stat: str = "Sum", label: str = "", operation: str = "") -> Series:
    """A metric of a table, by its parameter without `Table`; of one of its operations, if named."""
    dimensions = (("TableName", f"${{{name}Table}}"),)
    return Series(
        "AWS/DynamoDB",
        metric,
        (*dimensions, ("Operation", operation)) if operation else dimensions,
        stat,
        label,
    )
