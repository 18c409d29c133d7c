"""How the platform calls AWS: one function of two arguments, whoever stands behind it.

Stores take an `Aws` and send DynamoDB's own JSON. Behind it stands `SignedClient` (runtime/signed_client.py)
in the hot functions, where a start may not pay for boto3, and `BotoClient` (runtime/boto_client.py) in all others.
"""

from typing import Any, Protocol, TypeVar

JsonObject = dict[str, Any]


class Aws(Protocol):
    """One AWS service in one region."""

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """Send `request` to `action` (`"UpdateItem"`), both as the service's API reference names them.

        Raises:
            AwsError: the service refused (`ConditionalCheckFailedException`, ...) or could not be reached
                (`Unreachable`, `TimedOut`); after `TimedOut` the call may have been applied.
        """
        ...


Client = TypeVar("Client")


def until(client: Client, ends: float | None) -> Client:
    """`client`, whose calls are over when the monotonic clock says `ends`, whatever becomes of them.

    Who cannot be hurried stays as it is: boto3's clients have time-outs of their own.
    """
    hurried = getattr(client, "until", None)
    return client if ends is None or hurried is None else hurried(ends)


def once(client: Client) -> Client:
    """`client`, which repeats no call that may have been carried out: a fault of the service leaves that open.

    Who cannot be told so stays as it is: memory, and stubs of tests.
    """
    careful = getattr(client, "once", None)
    return client if careful is None else careful()


class AwsError(Exception):
    """AWS said no, or said nothing.

    `code` is the service's error code, or `TimedOut` (it may have been applied) or `Unreachable` (it was not).
    `item` is the item a failed condition met (DynamoDB JSON), if it was asked for.
    `reasons` are a cancelled transaction's, one for each of its items, in order: `{"Code", "Message", "Item"}`.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int = 0,
        item: JsonObject | None = None,
        reasons: list[JsonObject] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.status = status
        self.item = item
        self.reasons = reasons or []


CONDITION_FAILED = "ConditionalCheckFailedException"
TRANSACTION_CANCELED = "TransactionCanceledException"
TIMED_OUT = "TimedOut"
UNREACHABLE = "Unreachable"

# Refusals that say "not now": the call was not applied, and the same call may pass a moment later.
TRANSIENT = frozenset({
    "InternalServerError",
    "InternalFailure",
    "InternalException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "ThrottlingException",
    "Throttling",
    "RequestLimitExceeded",
    "ProvisionedThroughputExceededException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "RequestThrottled",
    "ThrottledException",
})  # fmt: skip
