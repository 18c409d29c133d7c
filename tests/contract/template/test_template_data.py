"""What is kept is encrypted, can be restored, and outlives a prod stack but not a dev one."""

from tests.contract.template.stack import JsonObject, Stack

TABLES = {
    "AlertsTable",
    "AuthTable",
    "BillingTable",
    "AnalyticsTable",
    "OrchestratorTable",
    "ProxyTable",
    "IdentityTable",
    "PaymentsTable",
}
SECRETS = {"Pepper", "AdminKey", "ProviderKeys"}
KEPT_IN_PROD = {"Fn::If": ["IsProd", "Retain", "Delete"]}
KEPT_ONCE_MADE = {"Fn::If": ["IsProd", "RetainExceptOnCreate", "Delete"]}


def test_each_domain_with_data_has_one_table(stack: Stack) -> None:
    assert set(stack.of_type("DynamoDB::Table")) == TABLES


def test_tables_are_paid_by_request_encrypted_and_restorable(stack: Stack) -> None:
    for table in TABLES:
        properties = stack.properties(table)

        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert "SSESpecification" not in properties  # DynamoDB's own key: free, and always on
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_tables_have_the_keys_that_the_stores_rely_on(stack: Stack) -> None:
    for table in TABLES:
        properties = stack.properties(table)

        assert properties["KeySchema"] == [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ]
        assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_only_the_ledger_has_a_stream_and_it_carries_new_entries(stack: Stack) -> None:
    streams = {
        table: stack.properties(table)["StreamSpecification"]
        for table in TABLES
        if "StreamSpecification" in stack.properties(table)
    }

    assert streams == {"BillingTable": {"StreamViewType": "NEW_AND_OLD_IMAGES"}}


def test_data_and_secrets_outlive_a_prod_stack_and_no_other(stack: Stack) -> None:
    assert stack.conditions["IsProd"] == {"Fn::Equals": [{"Ref": "Environment"}, "prod"]}
    for name in TABLES:  # protected from deletion, so a failed first deployment could not remove them
        assert stack.resources[name]["DeletionPolicy"] == KEPT_IN_PROD
    for name in SECRETS | {"AnswersBucket"}:
        assert stack.resources[name]["DeletionPolicy"] == KEPT_ONCE_MADE
    for name in TABLES | SECRETS | {"AnswersBucket"}:
        assert stack.resources[name]["UpdateReplacePolicy"] == KEPT_IN_PROD
    for table in TABLES:
        assert stack.properties(table)["DeletionProtectionEnabled"] == {"Fn::If": ["IsProd", True, False]}


def test_a_condition_may_choose_the_deletion_policy(template: JsonObject) -> None:
    assert template["Transform"] == ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"]


def test_secrets_are_generated_or_empty(stack: Stack) -> None:
    assert set(stack.of_type("SecretsManager::Secret")) == SECRETS
    for name in ("Pepper", "AdminKey"):
        generated = stack.properties(name)["GenerateSecretString"]
        assert generated == {"PasswordLength": 48, "ExcludePunctuation": True}
    assert stack.properties("ProviderKeys")["SecretString"] == "{}"


def test_every_log_ends_some_day(stack: Stack) -> None:
    retentions = [each["Properties"]["RetentionInDays"] for each in stack.of_type("Logs::LogGroup").values()]

    of_functions_and_the_api = len(stack.of_type("Lambda::Function")) + 1
    assert retentions == [{"Ref": "LogRetentionDays"}] * of_functions_and_the_api
