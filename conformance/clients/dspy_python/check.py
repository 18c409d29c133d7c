"""DSPy: LM, Predict, ReAct and Embedder."""

import uuid
from typing import Any

import dspy
import kit

checks = kit.Checks("DSPy (Python)", "dspy", "openai")
checks.absent("models")
dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)


def get_weather(city: str) -> str:
    """Weather in a city."""
    assert city
    return kit.RESULTS["get_weather"]


def get_time(city: str) -> str:
    """Time in a city."""
    assert city
    return kit.RESULTS["get_time"]


def lm(key: str = kit.API_KEY, model: str = kit.MODEL, base: str = kit.V1, **options: Any) -> dspy.LM:
    settings = {"cache": False, "num_retries": 2, **options}
    return dspy.LM(f"openai/{model}", api_key=key, api_base=base, **settings)


def ask(key: str, model: str | None, text: str) -> str:
    return str(lm(key, model or kit.MODEL)(text)[0])


@checks.check
def plain() -> None:
    kit.answered(lm()(kit.HELLO)[0])
