"""Our names against OpenTelemetry's own package: none is made up, none is one that was taken back."""

import re
from enum import Enum
from typing import Any

import pytest
from opentelemetry.semconv import schemas
from opentelemetry.semconv._incubating.attributes import (
    cloud_attributes,
    deployment_attributes,
    error_attributes,
    gen_ai_attributes,
    http_attributes,
    service_attributes,
    user_attributes,
)
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics

from aggregator.orchestrator.load_catalogue import packaged
from aggregator.telemetry import conventions

OURS = {name: value for name, value in vars(conventions).items() if isinstance(value, str) and name.isupper()}


def of(*modules: Any) -> set[str]:
    """All names that modules of the package define, but for those that the package says are replaced."""
    text = {value for each in modules for name, value in vars(each).items() if name.isupper()}
    return {value for value in text if isinstance(value, str)}


def values_of(kind: type[Enum]) -> set[str]:
    return {each.value for each in kind}


PUBLISHED = of(
    cloud_attributes, deployment_attributes, error_attributes, gen_ai_attributes, gen_ai_metrics,
    http_attributes, service_attributes, user_attributes,
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_name_is_the_conventions_or_in_our_own_namespace(name: str) -> None:
    value = OURS[name]
    if name in ("SCHEMA", "SOURCE", "CHAT", "EMBEDDINGS", "INPUT", "OUTPUT"):
        return
    if name == "LANGFUSE_COST":
        assert value not in PUBLISHED  # else it is no exception any more
        return

    assert value in PUBLISHED or re.fullmatch(r"aggregator(\.[a-z_]+)+", value)


def test_words_are_the_conventions_too() -> None:
    operations = values_of(gen_ai_attributes.GenAiOperationNameValues)
    providers = values_of(gen_ai_attributes.GenAiProviderNameValues)

    assert {conventions.CHAT, conventions.EMBEDDINGS} <= operations
    assert {conventions.INPUT, conventions.OUTPUT} <= values_of(gen_ai_attributes.GenAiTokenTypeValues)
    assert set(conventions.PROVIDERS.values()) <= providers


def test_the_schema_is_one_that_the_package_knows() -> None:
    assert conventions.SCHEMA in {each.value for each in schemas.Schemas}


def test_every_provider_of_the_catalogue_that_has_a_word_goes_by_it() -> None:
    shipped = {each["id"] for each in packaged()["providers"]}

    assert shipped >= set(conventions.PROVIDERS)
    assert shipped - set(conventions.PROVIDERS) == {"together", "fireworks", "openrouter", "ollama", "vllm"}


def test_bounds_of_buckets_are_those_that_the_conventions_advise() -> None:
    assert conventions.TOKEN_BOUNDS == (
        1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
    )  # fmt: skip
    assert conventions.SECONDS_BOUNDS == (
        0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
    )  # fmt: skip
