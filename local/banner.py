"""What the run says once it is up: who answers, and snippets that work as pasted."""

import json

from local.providers import ProviderPlan
from local.seed import Seeded

_LINE = "-" * 100


def banner(base_url: str, seeded: Seeded, plan: ProviderPlan, *, admin_key: str, seconds: float) -> str:
    """Return the whole text."""
    return f"""
{_LINE}
The platform is up at {base_url} after {seconds:.1f} s.   API documentation: {base_url}/docs

{_who_answers(plan)}
User {seeded.user_id} has {seeded.credit} USD and this key:
  {seeded.api_key}

A chat with curl:

{_curl(base_url, seeded, plan.snippet_model, stream=False)}

The same, token by token:

{_curl(base_url, seeded, plan.snippet_model, stream=True)}

With the openai package (pip install openai):

{_openai(base_url, seeded, plan.snippet_model)}

With Anthropic's (pip install anthropic), token by token:

{_anthropic(base_url, seeded, plan.snippet_model)}

What it cost, a few seconds later:

curl {base_url}/billing/balance/{seeded.user_id} -H "Authorization: Bearer {seeded.api_key}"
curl {base_url}/analytics/metrics -H "Authorization: Bearer {seeded.api_key}"

In a browser: {base_url}/   At its console "Sign in" leads to a page where you are demo, or an operator, by one button.
Health: {base_url}/health   Models: {base_url}/v1/models
Admin key: {admin_key}
Scripts find all this in .local/run.json; logs are beside it. Ctrl-C stops everything; nothing is kept.
{_LINE}
"""


def _who_answers(plan: ProviderPlan) -> str:
    lines = []
    if plan.real:
        real = (
            f"{name} (at {plan.elsewhere[name]})" if name in plan.elsewhere else name for name in plan.real
        )
        lines.append(f"Real, with your keys:  {', '.join(real)}")
        lines.append(f"Stand-in:              {', '.join(plan.stood_in)}")
    else:
        lines.append(
            "No provider key is set, so a stand-in answers for every model, at the model's real price."
        )
        lines.append(
            "Set OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, ... to have the real ones called, and"
        )
        lines.append(
            "OPENAI_BASE_URL, ANTHROPIC_BASE_URL, GEMINI_BASE_URL, ... to have them called elsewhere."
        )
    return "".join(f"{line}\n" for line in lines)


def _curl(base_url: str, seeded: Seeded, model: str, *, stream: bool) -> str:
    body: dict[str, object] = {"model": model, "messages": [{"role": "user", "content": "Say hello"}]}
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return (
        f"curl {'-N ' if stream else ''}{base_url}/v1/chat/completions \\\n"
        f'  -H "Authorization: Bearer {seeded.api_key}" -H "Content-Type: application/json" \\\n'
        f"  -d '{json.dumps(body)}'"
    )


def _openai(base_url: str, seeded: Seeded, model: str) -> str:
    return f"""\
from openai import OpenAI

client = OpenAI(base_url="{base_url}/v1", api_key="{seeded.api_key}")
answer = client.chat.completions.create(
    model="{model}", messages=[{{"role": "user", "content": "Say hello"}}]
)
print(answer.choices[0].message.content)"""


def _anthropic(base_url: str, seeded: Seeded, model: str) -> str:
    return f"""\
from anthropic import Anthropic

client = Anthropic(base_url="{base_url}", api_key="{seeded.api_key}")
with client.messages.stream(
    model="{model}", max_tokens=100, messages=[{{"role": "user", "content": "Say hello"}}]
) as stream:
    print(stream.get_final_text())"""
