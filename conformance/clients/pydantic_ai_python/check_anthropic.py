"""Pydantic AI's AnthropicModel."""

import kit
from agents import add_checks
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider

checks = kit.Checks("Pydantic AI, Anthropic (Python)", "pydantic-ai-slim", "anthropic")
checks.absent("models", "embeddings", "responses")


def model_of(
    key: str = kit.API_KEY, model: str | None = None, base_url: str = kit.BASE_URL
) -> AnthropicModel:
    return AnthropicModel(
        model or kit.CLAUDE_MODEL, provider=AnthropicProvider(base_url=base_url, api_key=key)
    )


add_checks(checks, model_of, kit.ANTHROPIC_PROXY, kit.ONE_ROUTE)

if __name__ == "__main__":
    checks.run()
