"""What the roles allow on a table is what the domain's code calls: nothing is missing, nothing left over."""

import re
from pathlib import Path

import pytest

from tests.contract.template.stack import Stack

PACKAGE = Path(__file__).parents[3] / "layers" / "common" / "python" / "aggregator"

# A transaction has no permission of its own: each of its steps needs that of the single write.
# Source: Amazon DynamoDB developer guide, "Using IAM with DynamoDB transactions".
_STEPS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def _called(domain: str) -> set[str]:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (PACKAGE / domain).rglob("*.py"))
    calls = set(re.findall(r'\.call\(\s*"(\w+)"', code)) | set(re.findall(r'"(\w+Item)"', code))
    steps = set(re.findall(r'\{\s*"(Put|Update|Delete|ConditionCheck)":', code))
    not_of_tables = {"TransactWriteItems", "PutEvents", "SendEmail", "SendMessage", "SendMessageBatch"}
    return calls - not_of_tables - {"GetSecretValue"} | {_STEPS[each] for each in steps}


def _allowed(stack: Stack, table: str) -> set[str]:
    arn = {"Fn::GetAtt": [table, "Arn"]}
    return {
        action.removeprefix("dynamodb:")
        for _, each in stack.statements()
        if each["Resource"] == arn
        for action in each["Action"]
    }


@pytest.mark.parametrize(
    "domain", ["auth", "billing", "analytics", "orchestrator", "proxy", "identity", "alerts", "payments"]
)
def test_a_domains_roles_allow_what_its_code_calls(stack: Stack, domain: str) -> None:
    called = _called(domain)

    assert called
    assert _allowed(stack, f"{domain.capitalize()}Table") == called


@pytest.mark.parametrize("walk", ["ChatCompletion", "Response", "Message", "Embedding"])
def test_each_function_that_walks_may_do_what_the_walk_does_to_its_domains_table(
    stack: Stack, walk: str
) -> None:
    arn = {"Fn::GetAtt": ["ProxyTable", "Arn"]}

    allowed = [
        each["Action"]
        for name, each in stack.statements()
        if name == f"ProxyCreate{walk}Role" and each["Resource"] == arn
    ]

    kept = set() if walk == "Response" else {"BatchWriteItem"}  # responses alone are kept for their users
    assert [{action.removeprefix("dynamodb:") for action in each} for each in allowed] == [
        _called("proxy") - kept
    ]
