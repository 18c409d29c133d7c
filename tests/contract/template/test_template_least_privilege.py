"""What each function may do: its own role, named actions on named resources."""

from collections import Counter
from typing import Any

import pytest

from tests.contract.template.stack import Stack

# AWS knows no narrower resource for these, and lists alarms by a prefix for who may see all.
# Source: Service Authorization Reference, AWS X-Ray, Amazon DynamoDB and Amazon CloudWatch.
ANYWHERE = {
    ("TracePolicy", "xray:PutTraceSegments"),
    ("TracePolicy", "xray:PutTelemetryRecords"),
    ("BillingPublishTransactionsRole", "dynamodb:ListStreams"),
    ("HealthGetDetailsRole", "cloudwatch:GetMetricData"),
    ("HealthGetDetailsRole", "cloudwatch:DescribeAlarms"),
    ("HealthLookUpRole", "cloudwatch:GetMetricData"),
    ("TelemetryToCloudWatchPolicy", "xray:PutSpans"),
    ("TelemetryToCloudWatchPolicy", "xray:PutSpansForIndexing"),
    ("TelemetryToCloudWatchPolicy", "cloudwatch:PutMetricData"),
}

_HERE = "${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}"
PAID = (
    "BillingCreateTopupRole",
    "BillingTakeStripeEventRole",
    "BillingBookStripeEventRole",
    "BillingComparePaymentsRole",
    "BillingSetAutomaticTopupsRole",
    "BillingStopAutomaticTopupsRole",
    "BillingTopUpAutomaticallyRole",
)

WALKS = (
    "ProxyCreateChatCompletionRole",
    "ProxyCreateResponseRole",
    "ProxyCreateMessageRole",
    "ProxyCreateEmbeddingRole",
)

# What other domains change lasts longer than the authorizer's answer is kept.
LASTING = (
    "BillingCreateTransactionRole",
    "BillingCreateTopupRole",
    "BillingSetAutomaticTopupsRole",
    "BillingStopAutomaticTopupsRole",
    "BillingCreateGrantRole",
    "BillingCreateCodeRole",
    "BillingDisableCodeRole",
    "BillingUpdateBalanceRole",
    "OrchestratorPutModelRole",
    "OrchestratorPutProviderRole",
    "OrchestratorPutAliasRole",
    "OrchestratorDeleteAliasRole",
    "OrchestratorRollBackCatalogueRole",
    "IdentityCreateUserRole",
    "IdentityUpdateTeamRole",
    "IdentitySetMemberRole",
    "IdentityRemoveMemberRole",
    "BillingPutPlanRole",
    "AlertsCreateWebhookRole",
    "AlertsDeleteWebhookRole",
    "AlertsReplayDeliveryRole",
)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _if_made(resource: Any) -> Any:
    """What a resource of a statement is where its condition holds."""
    return resource["Fn::If"][1] if set(resource) == {"Fn::If"} else resource


def test_no_role_may_do_a_whole_family_of_actions(stack: Stack) -> None:
    actions = [(name, action) for name, each in stack.statements() for action in _listed(each["Action"])]

    assert [(name, action) for name, action in actions if "*" in action] == []
    assert len(actions) > 100


def test_no_role_reaches_every_resource_but_where_aws_knows_no_other(stack: Stack) -> None:
    anywhere = {
        (name, action)
        for name, each in stack.statements()
        if "*" in _listed(each["Resource"])
        for action in _listed(each["Action"])
    }

    assert anywhere == ANYWHERE


def test_resources_are_those_of_this_stack(stack: Stack) -> None:
    foreign = [
        (name, resource)
        for name, each in stack.statements()
        for resource in map(_if_made, _listed(each["Resource"]))
        if resource not in ("*", {"Fn::Sub": "${AnswersBucket.Arn}/*"})
        and set(resource) & {"Ref", "Fn::GetAtt"} == set()
    ]

    models_of_bedrock = [
        {"Fn::Sub": "arn:${AWS::Partition}:bedrock:*::foundation-model/*"},
        {"Fn::Sub": "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/*"},
    ]
    callers = sorted(set(WALKS) - {"ProxyCreateEmbeddingRole"})
    by_hand = f"arn:{_HERE}:secret:${{AWS::StackName}}"
    expected = [(name, model) for name in callers for model in models_of_bedrock]
    expected += [(name, {"Fn::Sub": f"{by_hand}/stripe-*"}) for name in PAID]
    expected += [("AuthCreateSessionRole", {"Fn::Sub": f"{by_hand}/sign-in-*"})]
    sender = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${MailIdentity}"
    expected.append(("AlertsMailPolicy", {"Fn::Sub": sender}))
    expected += [("BillingCompareCostsRole", {"Fn::Sub": f"{by_hand}/provider-admin-keys-*"})]
    expected += [("TelemetryExportUsageRole", {"Fn::Sub": f"{by_hand}/otlp-*"})]
    assert sorted(foreign, key=str) == sorted(expected, key=str)


def test_every_function_has_a_role_of_its_own(stack: Stack) -> None:
    roles = Counter(
        each["Properties"]["Role"]["Fn::GetAtt"][0] for each in stack.of_type("Lambda::Function").values()
    )

    assert set(roles.values()) == {1}
    assert set(roles) == set(stack.of_type("IAM::Role")) - {"ApiGatewayLogsRole"}


def test_roles_carry_no_ready_made_policy_but_the_one_for_traces(stack: Stack) -> None:
    attached = {
        name: each["Properties"].get("ManagedPolicyArns", [])
        for name, each in stack.of_type("IAM::Role").items()
    }
    of_api_gateway = attached.pop("ApiGatewayLogsRole")

    assert all(each == [{"Ref": "TracePolicy"}] for each in attached.values())
    assert of_api_gateway == [
        {
            "Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        },
    ]


def test_a_function_writes_to_its_own_log_group_only(stack: Stack) -> None:
    written = {
        name: each["Resource"]
        for name, each in stack.statements()
        if "logs:PutLogEvents" in _listed(each["Action"])
    }

    assert len(written) == len(stack.of_type("Lambda::Function"))
    for role, resource in written.items():
        assert resource == {"Fn::GetAtt": [role.removesuffix("Role") + "Logs", "Arn"]}


def test_each_domain_puts_events_under_its_own_name_only(stack: Stack) -> None:
    puts = {name: each for name, each in stack.statements() if "events:PutEvents" in _listed(each["Action"])}

    # One call puts many events, so `events:source` is a list; for a call without any, the list is not there.
    # Source: IAM user guide, "Set operators for multivalued context keys".
    sources = {
        name: each["Condition"]["ForAllValues:StringEquals"]["events:source"] for name, each in puts.items()
    }
    assert all(each["Condition"]["Null"] == {"events:source": "false"} for each in puts.values())
    assert all(set(each["Condition"]) == {"ForAllValues:StringEquals", "Null"} for each in puts.values())
    assert sources == {
        "AuthCreateApiKeyRole": "aggregator.auth",
        "AuthCreateSessionRole": ["aggregator.auth", "aggregator.identity"],  # the key, and who was bound
        "AuthEndSessionRole": "aggregator.auth",
        "AuthUpdateApiKeyRole": "aggregator.auth",
        "AuthRotateApiKeyRole": "aggregator.auth",
        "AuthRevokeApiKeyRole": "aggregator.auth",
        **dict.fromkeys(WALKS, "aggregator.proxy"),
        "BillingPublishTransactionsRole": "aggregator.billing",
        "OrchestratorPutModelRole": "aggregator.orchestrator",
        "OrchestratorPutProviderRole": "aggregator.orchestrator",
        "OrchestratorPutAliasRole": "aggregator.orchestrator",
        "OrchestratorDeleteAliasRole": "aggregator.orchestrator",
        "OrchestratorRollBackCatalogueRole": "aggregator.orchestrator",
        "IdentityCreateUserRole": "aggregator.identity",
        "IdentityUpdateUserRole": ["aggregator.auth", "aggregator.identity"],  # sessions that end
        "IdentityCreateTeamRole": "aggregator.identity",
        "IdentityUpdateTeamRole": "aggregator.identity",
        "IdentitySetMemberRole": "aggregator.identity",
        "IdentityRemoveMemberRole": "aggregator.identity",
    }


def test_a_table_is_touched_by_its_own_domain_and_the_stated_neighbours(stack: Stack) -> None:
    touching = {
        (resource["Fn::GetAtt"][0], name)
        for name, each in stack.statements()
        for resource in _listed(each["Resource"])
        if each["Action"] not in (["dynamodb:DescribeTable"], ["dynamodb:ListStreams"])
        and any(action.startswith("dynamodb:") for action in _listed(each["Action"]))
    }

    neighbours = {
        (table, name) for table, name in touching if not name.startswith(table.removesuffix("Table"))
    }
    assert neighbours == {
        *(("BillingTable", walk) for walk in WALKS),  # reserve
        *(("OrchestratorTable", walk) for walk in WALKS),  # route
        ("BillingTable", "ProxyQuoteRole"),  # the account, and how long answers were
        ("OrchestratorTable", "ProxyQuoteRole"),
        ("OrchestratorTable", "ProxyCountMessageTokensRole"),  # is there such a model?
        ("OrchestratorTable", "ProxyListModelsRole"),
        ("OrchestratorTable", "ProxyGetResponseRole"),  # may the key call what answered?
        ("OrchestratorTable", "ProxyListResponseItemsRole"),
        ("OrchestratorTable", "HealthGetHealthRole"),  # is there a catalogue?
        ("OrchestratorTable", "BillingReconcileAccountsRole"),  # prices, to recompute charges
        ("OrchestratorTable", "BillingGetFocusRole"),  # prices, to tell what each meter cost
        ("OrchestratorTable", "BillingCompareCostsRole"),  # providers' prices, and their names of our models
        ("IdentityTable", "BillingGetFocusRole"),  # whose a wallet is, and who manages a team
        ("OrchestratorTable", "AuthCreateApiKeyRole"),  # are there such models?
        ("OrchestratorTable", "AuthUpdateApiKeyRole"),
        ("ProxyTable", "OrchestratorListProvidersRole"),  # which routes are left alone?
        ("BillingTable", "HealthLookUpRole"),  # an operator's look at a balance and its entries
        ("AnalyticsTable", "HealthLookUpRole"),  # is an entry in the cube?
        *(("AuthTable", name) for name in LASTING),  # the caller's own key, as it is now
        ("AuthTable", "IdentityUpdateUserRole"),  # the same, and the state, on the user's keys
        ("BillingTable", "IdentityUpdateUserRole"),  # the state, on the wallet
        ("BillingTable", "IdentityUpdateTeamRole"),
        ("BillingTable", "ProxyListModelsRole"),  # the plan of the caller's wallet
        ("BillingTable", "OrchestratorListModelsRole"),
        ("OrchestratorTable", "BillingPutPlanRole"),  # does a model's name fit anything?
        ("BillingTable", "IdentitySetMemberRole"),  # a member's, on the team's wallet
        ("AuthTable", "IdentityCreateTeamRole"),  # the caller's own key; has the id keys, or money?
        ("BillingTable", "IdentityCreateTeamRole"),
        ("IdentityTable", "AuthAuthorizerRole"),  # the team that a key charges
        ("IdentityTable", "AuthCreateSessionRole"),  # who signs in, and is it the first time?
        ("IdentityTable", "AuthCreateApiKeyRole"),  # may the user spend its money?
        ("IdentityTable", "BillingCreateTransactionRole"),  # is there such a team?
        ("IdentityTable", "BillingCreateGrantRole"),  # the same
        ("IdentityTable", "AlertsWatchRole"),  # the address of who wants mail
        ("IdentityTable", "AlertsCreateWebhookRole"),
        ("AuthTable", "AlertsWatchRole"),  # a user's keys, their budgets and how long they work
        ("BillingTable", "AlertsWatchRole"),  # what the user has
        ("AnalyticsTable", "AlertsWatchRole"),  # what was spent
        ("BillingTable", "IdentityGetTeamRole"),  # what a team has
        ("ProxyTable", "AlertsWatchRole"),  # what budgets of teams count
        ("ProxyTable", "IdentityGetTeamRole"),  # what its budget counts
        ("ProxyTable", "IdentityListMembersRole"),  # what those of its members count
        ("OrchestratorTable", "AlertsWatchRole"),  # models that go
        ("AlertsTable", "BillingTakeStripeEventRole"),  # a top-up that came to nothing
        ("AlertsTable", "BillingBookStripeEventRole"),
        ("AlertsTable", "BillingTopUpAutomaticallyRole"),
        ("PaymentsTable", "BillingTakeStripeEventRole"),  # a card that was given
        ("PaymentsTable", "BillingBookStripeEventRole"),
        ("PaymentsTable", "BillingTopUpAutomaticallyRole"),  # who agreed, and the charge under way
        ("PaymentsTable", "BillingSetAutomaticTopupsRole"),
        ("PaymentsTable", "BillingGetAutomaticTopupsRole"),
        ("PaymentsTable", "BillingStopAutomaticTopupsRole"),
    }


@pytest.mark.parametrize("name", LASTING)
def test_a_neighbour_of_the_keys_may_read_one_and_no_more(stack: Stack, name: str) -> None:
    allowed = [
        action
        for role, each in stack.statements()
        if role == name
        for action in _listed(each["Action"])
        if each["Resource"] == {"Fn::GetAtt": ["AuthTable", "Arn"]}
    ]

    assert allowed == ["dynamodb:GetItem"]


@pytest.mark.promise("books")
@pytest.mark.parametrize("walk", WALKS)
def test_the_request_path_may_change_an_account_and_read_but_write_no_item_of_the_ledger(
    stack: Stack, walk: str
) -> None:
    allowed = [
        action
        for name, each in stack.statements()
        if name == walk
        for action in _listed(each["Action"])
        if each["Resource"] == {"Fn::GetAtt": ["BillingTable", "Arn"]}
    ]

    assert allowed == ["dynamodb:UpdateItem", "dynamodb:GetItem"]


def test_a_secret_is_read_by_those_who_need_it(stack: Stack) -> None:
    readers = {
        (resource.get("Ref", resource.get("Fn::Sub", "").rpartition("/")[2]), name)
        for name, each in stack.statements()
        if "secretsmanager:GetSecretValue" in _listed(each["Action"])
        for resource in _listed(each["Resource"])
    }

    assert readers == {
        ("Pepper", "AuthAuthorizerRole"),
        ("AdminKey", "AuthAuthorizerRole"),
        ("Pepper", "AuthCreateApiKeyRole"),
        ("Pepper", "AuthRotateApiKeyRole"),
        ("Pepper", "AuthCreateSessionRole"),
        ("sign-in-*", "AuthCreateSessionRole"),  # made by hand, where the issuer gave the client a secret
        *(("ProviderKeys", walk) for walk in WALKS),
        ("ProviderKeys", "OrchestratorListProvidersRole"),  # how many are set
        ("provider-admin-keys-*", "BillingCompareCostsRole"),  # likewise
        *(("stripe-*", name) for name in PAID),  # made by hand, where there is an account
        ("otlp-*", "TelemetryExportUsageRole"),  # made by hand, where an endpoint wants to see headers
        ("ProviderKeys", "ProxyQuoteRole"),  # which providers are set up, and who counts a prompt
    }


def test_what_operators_look_up_changes_nothing(stack: Stack) -> None:
    """Who may open the dashboard may run the function: all that it may do is read."""
    allowed = {
        action
        for name, each in stack.statements()
        if name == "HealthLookUpRole" and each["Resource"] != {"Fn::GetAtt": ["HealthLookUpLogs", "Arn"]}
        for action in _listed(each["Action"])
    }

    assert allowed == {
        "dynamodb:GetItem",
        "dynamodb:Query",
        "logs:FilterLogEvents",
        "sqs:GetQueueAttributes",
        "cloudwatch:GetMetricData",
    }
