"""`Aws` over boto3: for every function that is not on the hot path."""

from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    ReadTimeoutError,
)

from aggregator.runtime.aws import TIMED_OUT, UNREACHABLE, AwsError, JsonObject


class BotoClient:
    """One AWS service through boto3, with boto3's retries (standard mode) and short time-outs."""

    def __init__(
        self, service: str, *, read_timeout_seconds: float = 5, attempts: int = 4, client: Any = None
    ) -> None:
        self._client = client or boto3.client(
            service,  # type: ignore[call-overload]
            config=Config(
                connect_timeout=2,
                read_timeout=read_timeout_seconds,
                retries={"mode": "standard", "total_max_attempts": attempts},
            ),
        )

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """See `Aws.call`."""
        try:
            answer: JsonObject = getattr(self._client, xform_name(action))(**request)
        except ClientError as refused:
            raise _aws_error(refused) from refused
        except (ReadTimeoutError, ConnectTimeoutError, ConnectionClosedError) as unanswered:
            raise AwsError(TIMED_OUT, str(unanswered)) from unanswered
        except BotoCoreError as broken:
            raise AwsError(UNREACHABLE, str(broken)) from broken
        return answer


def _aws_error(refused: ClientError) -> AwsError:
    response: JsonObject = dict(refused.response)
    error = response.get("Error", {})
    return AwsError(
        error.get("Code", "Unknown"),
        error.get("Message", ""),
        status=response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0),
        item=response.get("Item"),
        reasons=response.get("CancellationReasons"),
    )
