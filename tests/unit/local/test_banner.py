import ast
import shlex

import pytest

from local.banner import banner
from local.providers import ProviderPlan
from local.seed import Seeded

SEEDED = Seeded(user_id="demo", api_key="agg_local_k_s", credit="100.00")


def text(real: tuple[str, ...] = ()) -> str:
    plan = ProviderPlan(real, ("mistral", "groq"), keys={}, overrides={}, snippet_model="gpt-4o-mini")
    return banner("http://127.0.0.1:8000", SEEDED, plan, admin_key="adminkey", seconds=4.56)


def commands(said: str) -> list[list[str]]:
    return [shlex.split(each) for each in said.replace("\\\n", "").splitlines() if each.startswith("curl")]


def test_the_curl_lines_are_whole_as_pasted() -> None:
    plain, stream, *_ = commands(text())

    assert plain == [
        "curl",
        "http://127.0.0.1:8000/v1/chat/completions",
        "-H",
        "Authorization: Bearer agg_local_k_s",
        "-H",
        "Content-Type: application/json",
        "-d",
        '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hello"}]}',
    ]
    assert stream[1] == "-N"
    assert '"stream": true' in stream[-1]


@pytest.mark.parametrize(
    ("begins", "ends", "names", "where"),
    [
        (
            "from openai",
            "With Anthropic's",
            {"OpenAI", "answer", "client", "print"},
            "http://127.0.0.1:8000/v1",
        ),
        (
            "from anthropic",
            "What it cost",
            {"Anthropic", "client", "print", "stream"},
            "http://127.0.0.1:8000",
        ),
    ],
)
def test_each_python_snippet_is_a_program(begins: str, ends: str, names: set[str], where: str) -> None:
    said = text()
    program = said[said.index(begins) : said.index(ends)]

    found = {node.id for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Name)}

    assert found == names
    assert f'base_url="{where}", api_key="agg_local_k_s"' in program


def test_it_says_which_providers_are_real() -> None:
    said = text(real=("openai",))

    assert "Real, with your keys:  openai\n" in said
    assert "Stand-in:              mistral, groq\n" in said


def test_it_says_where_a_provider_is_called_that_is_pointed_elsewhere() -> None:
    plan = ProviderPlan(
        ("openai", "xai"),
        ("groq",),
        keys={},
        overrides={},
        snippet_model="m",
        elsewhere={"xai": "http://h/v1"},
    )

    said = banner("http://127.0.0.1:8000", SEEDED, plan, admin_key="adminkey", seconds=4.56)

    assert "Real, with your keys:  openai, xai (at http://h/v1)\n" in said


def test_without_keys_it_says_how_to_have_real_providers() -> None:
    assert "Set OPENAI_API_KEY" in text()
    assert "OPENAI_BASE_URL" in text()
