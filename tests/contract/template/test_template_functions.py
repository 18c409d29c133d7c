"""The functions of the template are those in the folders, each built and run the same way."""

import re
from pathlib import Path

import pytest

from tests.contract.template.stack import JsonObject, Stack

ROOT = Path(__file__).parents[3]
WALKS = (
    "ProxyCreateChatCompletionFunction",
    "ProxyCreateResponseFunction",
    "ProxyCreateMessageFunction",
    "ProxyCreateEmbeddingFunction",
)
PAGES = "ConsoleGetPageFunction"
PREFLIGHTS = "CorsAnswerPreflightFunction"
HOT = {"AuthAuthorizerFunction", "ProxyCountMessageTokensFunction", "ProxyQuoteFunction", *WALKS}


def _logical_id(folder: str) -> str:
    return "".join(part.capitalize() for part in re.split("[/_]", folder)) + "Function"


@pytest.fixture(scope="module")
def functions(template: JsonObject) -> JsonObject:
    return {
        name: each
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Serverless::Function"
    }


def _layers(stack: Stack, function: str) -> list[str]:
    return [re.sub("[0-9a-f]{10}$", "", each["Ref"]) for each in stack.properties(function)["Layers"]]


def test_every_folder_is_a_function_and_every_function_a_folder(functions: JsonObject) -> None:
    folders = {str(path.parent.relative_to(ROOT)) for path in ROOT.glob("functions/*/*/app.py")}

    assert {each["Properties"]["CodeUri"] for each in functions.values()} == folders


def test_a_function_is_named_after_its_folder(functions: JsonObject) -> None:
    for name, each in functions.items():
        assert name == _logical_id(each["Properties"]["CodeUri"].removeprefix("functions/"))


def test_functions_are_shipped_as_they_are(functions: JsonObject) -> None:
    assert all(each["Metadata"] == {"SkipBuild": True} for each in functions.values())


CONSUMERS = {
    "BillingSettleUsageFunction",
    "BillingPublishTransactionsFunction",
    "AnalyticsRecordEventsFunction",
    "BillingReconcileAccountsFunction",
    "TelemetryExportUsageFunction",
}
"""They are invoked by the batch: X-Ray would keep one trace a second of each, at 5 USD a million."""


def test_the_cloud_runs_arm_unless_told_otherwise(template: JsonObject) -> None:
    architecture = template["Parameters"]["Architecture"]

    assert architecture["Default"] == "arm64"
    assert architecture["AllowedValues"] == ["arm64", "x86_64"]


def test_every_function_is_traced_and_runs_the_same_python_on_one_architecture(stack: Stack) -> None:
    for name, each in stack.of_type("Lambda::Function").items():
        properties = each["Properties"]
        assert properties["Runtime"] == "python3.13"
        assert properties["Architectures"] == [{"Ref": "Architecture"}]
        assert properties["Handler"] == "app.handler"
        assert properties["TracingConfig"] == {"Mode": "PassThrough" if name in CONSUMERS else "Active"}


def test_traces_are_a_share_of_requests_and_not_one_each_second(stack: Stack) -> None:
    rule = stack.properties("TraceSampling")["SamplingRule"]

    assert rule["ReservoirSize"] == 0
    assert rule["FixedRate"] == {"Fn::If": ["IsProd", 0.01, 1]}
    assert rule["ServiceName"] == {"Fn::Sub": "${AWS::StackName}/${StageName}"}


def test_every_function_logs_to_a_group_of_its_own_as_json(stack: Stack) -> None:
    for name, each in stack.of_type("Lambda::Function").items():
        logging = each["Properties"]["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        assert logging["LogGroup"] == {"Ref": name.removesuffix("Function") + "Logs"}


def test_hot_functions_carry_neither_boto3_nor_pydantic(stack: Stack) -> None:
    assert _layers(stack, "AuthAuthorizerFunction") == ["CommonLayer"]
    assert _layers(stack, "ProxyCountMessageTokensFunction") == ["CommonLayer"]
    assert _layers(stack, "ProxyQuoteFunction") == ["CommonLayer"]
    assert all(_layers(stack, name) == ["CommonLayer", "RuntimeLayer"] for name in WALKS)


def test_pages_are_bytes_that_are_streamed_and_need_nothing(stack: Stack) -> None:
    assert _layers(stack, PAGES) == ["CommonLayer", "RuntimeLayer"]
    assert (
        stack.properties(PAGES)["Environment"]["Variables"]["AWS_LAMBDA_EXEC_WRAPPER"]
        == "/opt/bin/stream-runtime"
    )


PAID = {
    "BillingCreateTopupFunction",
    "BillingTakeStripeEventFunction",
    "BillingBookStripeEventFunction",
    "BillingComparePaymentsFunction",
    "BillingSetAutomaticTopupsFunction",
    "BillingGetAutomaticTopupsFunction",
    "BillingStopAutomaticTopupsFunction",
    "BillingTopUpAutomaticallyFunction",
}
"""Those that need Stripe's own client."""

SIGN_IN = "AuthCreateSessionFunction"


def test_who_reads_id_tokens_carries_what_that_takes(stack: Stack) -> None:
    assert _layers(stack, SIGN_IN) == ["CommonLayer", "DependenciesLayer", "SignInLayer"]


def test_all_others_carry_the_dependencies(stack: Stack) -> None:
    others = set(stack.of_type("Lambda::Function")) - HOT - {PAGES, PREFLIGHTS, SIGN_IN}

    assert _layers(stack, PREFLIGHTS) == ["CommonLayer"]
    paid = {name for name in others if "PaymentsLayer" in _layers(stack, name)}
    assert paid == PAID
    assert {tuple(_layers(stack, name)) for name in others - paid} == {("CommonLayer", "DependenciesLayer")}
    assert {tuple(_layers(stack, name)) for name in paid} == {
        ("CommonLayer", "DependenciesLayer", "PaymentsLayer")
    }


@pytest.mark.parametrize("name", WALKS)
def test_a_function_that_walks_is_started_by_our_runtime(stack: Stack, name: str) -> None:
    walk = stack.properties(name)

    assert walk["Environment"]["Variables"]["AWS_LAMBDA_EXEC_WRAPPER"] == "/opt/bin/stream-runtime"
    assert (ROOT / "layers" / "common" / "bin" / "stream-runtime").stat().st_mode & 0o111 == 0o111
    assert walk["Timeout"] == 900


@pytest.mark.parametrize("name", WALKS)
def test_functions_that_walk_differ_in_their_code_alone(stack: Stack, name: str) -> None:
    chat, walk = stack.properties("ProxyCreateChatCompletionFunction"), stack.properties(name)

    own = {"Code", "Role", "LoggingConfig"}
    assert {key: value for key, value in walk.items() if key not in own} == {
        key: value for key, value in chat.items() if key not in own
    }


def test_a_deploy_that_changes_our_package_loads_the_catalogue_anew(stack: Stack) -> None:
    catalogue = stack.properties("Catalogue")

    assert catalogue["ServiceToken"] == {"Fn::GetAtt": ["OrchestratorLoadCatalogueFunction", "Arn"]}
    assert catalogue["Package"]["Ref"].startswith("CommonLayer")


def test_no_environment_variable_holds_a_secret(stack: Stack) -> None:
    for each in stack.of_type("Lambda::Function").values():
        variables = each["Properties"]["Environment"]["Variables"]
        secrets = {name: value for name, value in variables.items() if name.endswith("_SECRET")}
        by_hand = [
            {"Fn::Sub": f"${{AWS::StackName}}/{name}"}
            for name in ("stripe", "sign-in", "provider-admin-keys", "otlp")
        ]
        assert all(set(value) == {"Ref"} or value in by_hand for value in secrets.values())
        assert not any("resolve:" in str(value) for value in variables.values())
