"""Collisions on one account, as DynamoDB words them, through the clients that the functions use."""

import json
from collections.abc import Iterator, Mapping

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from aggregator.billing.grant_store import GrantStore
from aggregator.billing.model import Hold
from aggregator.billing.reserve import reserve
from aggregator.billing.settle import Settled, settle_account
from aggregator.billing.transaction import Order, book
from aggregator.errors import InsufficientQuota
from aggregator.runtime.aws import AwsError, JsonObject
from aggregator.runtime.boto_client import BotoClient
from tests.fakes.ledger_world import BUCKET, MOMENT, NOW, end
from tests.integration.signed_client_servers import LocalServer, Sent, signed

CONFLICT = [{"Code": "TransactionConflict", "Message": "ongoing"}, {"Code": "None"}]


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client(
        "dynamodb",
        region_name="eu-central-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def store(stub: Stubber) -> GrantStore:
    return GrantStore(BotoClient("dynamodb", client=stub.client), "BillingTable")


def cancelled(stub: Stubber, reasons: list[JsonObject]) -> None:
    stub.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        http_status_code=400,
        modeled_fields={"CancellationReasons": reasons},
    )


def test_a_settling_that_collides_is_tried_again(stub: Stubber, store: GrantStore) -> None:
    slept: list[float] = []
    cancelled(stub, CONFLICT)
    cancelled(stub, CONFLICT)
    stub.add_response("transact_write_items", {})

    done = settle_account(store, [end("r1", cost=40)], slept.append)

    assert done == Settled(entries=1)
    assert len(slept) == 2


def test_a_settling_that_meets_a_condition_and_a_collision_reads_again(
    stub: Stubber, store: GrantStore
) -> None:
    cancelled(stub, [{"Code": "TransactionConflict"}, {"Code": "ConditionalCheckFailed"}])
    stub.add_response(
        "batch_get_item",
        {"Responses": {"BillingTable": [{"sk": {"S": "ENTRY#r1"}}]}, "UnprocessedKeys": {}},
    )

    done = settle_account(store, [end("r1", cost=40)], lambda _: None)

    assert done == Settled(repeated=1)


def test_keys_that_were_not_read_at_once_are_read_again(stub: Stubber, store: GrantStore) -> None:
    left = {"BillingTable": {"Keys": [{"pk": {"S": "ACCOUNT#ann"}, "sk": {"S": "ENTRY#r2"}}]}}
    stub.add_response(
        "batch_get_item",
        {"Responses": {"BillingTable": [{"sk": {"S": "ENTRY#r1"}}]}, "UnprocessedKeys": left},
    )
    stub.add_response(
        "batch_get_item", {"Responses": {"BillingTable": [{"sk": {"S": "ENTRY#r2"}}]}, "UnprocessedKeys": {}}
    )

    assert store.booked_entries("ann", ["r1", "r2", "r3"]) == {"r1", "r2"}


def test_a_booking_that_collides_is_tried_again(stub: Stubber, store: GrantStore) -> None:
    slept: list[float] = []
    cancelled(stub, CONFLICT)
    stub.add_response("transact_write_items", {})
    order = Order("c1", "ann", "credit", 5, MOMENT)

    entry = book(store, order, now_epoch_seconds=NOW, sleep=slept.append)

    assert entry.amount_nano_usd == 5
    assert len(slept) == 1


def test_a_reserve_that_collides_over_boto3_is_told_and_holds_nothing(
    stub: Stubber, store: GrantStore
) -> None:
    stub.add_client_error("update_item", "TransactionConflictException", http_status_code=400)

    with pytest.raises(AwsError, match="TransactionConflictException"):
        reserved(store)


def test_a_reserve_that_is_short_reads_the_account_from_the_refusal(stub: Stubber, store: GrantStore) -> None:
    stub.add_client_error(
        "update_item",
        "ConditionalCheckFailedException",
        http_status_code=400,
        modeled_fields={"Item": {"available": {"N": "7"}}},
    )

    with pytest.raises(InsufficientQuota, match=r"0\.000000007 USD are available"):
        reserved(store)


def test_a_reserve_that_collides_on_the_hot_path_is_tried_again_by_its_client() -> None:
    answers = Answers(
        refusal("TransactionConflictException"),
        refusal("TransactionConflictException"),
        (200, {"Attributes": {"available": {"N": "60"}}}),
    )
    server = LocalServer(answers)
    with server.serving():
        client = signed("dynamodb", server.url)
        hold = reserved(GrantStore(client, "BillingTable"))
        client.close()

    assert hold == Hold(40, BUCKET, 60)
    assert len(answers.sent) == 3


class Answers:
    """What a server says in turn, and what it was asked."""

    def __init__(self, *answers: tuple[int, JsonObject]) -> None:
        self.sent: list[Sent] = []
        self._answers = list(answers)

    def __call__(self, sent: Sent) -> tuple[int, Mapping[str, str], bytes]:
        self.sent.append(sent)
        status, body = self._answers.pop(0)
        return status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body).encode()


def refusal(code: str, status: int = 400) -> tuple[int, JsonObject]:
    return status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}


def reserved(store: GrantStore) -> Hold:
    return reserve(store, "ann", at_most_nano_usd=40, at_least_nano_usd=40, now_epoch_seconds=NOW)
