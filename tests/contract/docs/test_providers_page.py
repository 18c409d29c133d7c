"""The table of providers says what the catalogue says of each."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
CATALOGUE = ROOT / "layers/common/python/aggregator/orchestrator/catalogue.json"
PAGE = ROOT / "docs/providers.md"

ABILITIES = ("tools", "parallelTools", "vision", "jsonSchema", "reasoning", "promptCaching")
FIELDS = ("logprobs", "n", "seed")


def _rows() -> Iterator[str]:
    """One row a provider: abilities count its chat models, fields are taken or refused by name."""
    said = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    for provider in said["providers"]:
        routes = [
            route.get("capabilities", model["capabilities"])
            for model in said["models"]
            for route in model["routes"]
            if route["provider"] == provider["id"]
        ]
        chats = [each for each in routes if "chat" in each]
        cells = [_share(ability, chats) for ability in ABILITIES]
        cells += [_taken(field, provider) for field in FIELDS]
        embeds = sum("embeddings" in each for each in routes)
        yield f"| `{provider['id']}` | {provider['protocol']} | {len(chats)} | {' | '.join(cells)} | {embeds or '-'} |"


def _share(ability: str, chats: list[list[str]]) -> str:
    able = sum(ability in each for each in chats)
    if not chats:
        return "by model"
    return {len(chats): "all", 0: "-"}.get(able, str(able))


def _taken(field: str, provider: dict[str, Any]) -> str:
    if field in provider.get("unsupported", ()):
        return "refused"
    return "1" if provider.get("onlyValues", {}).get(field) == [1] else "yes"


def test_the_table_has_a_row_for_each_provider_as_the_catalogue_has_it() -> None:
    page = PAGE.read_text(encoding="utf-8")

    rows = list(_rows())

    assert len(rows) > 10
    assert [row for row in rows if row not in page] == []
