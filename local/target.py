"""What a command works on: the embedded run, or a stack deployed in the account at hand."""

import json
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config

from local.paths import local_dir

JsonObject = dict[str, Any]


class Target:
    """A running stack: its resources by their logical ids, and clients for its services.

    Without `stack` it is the embedded run's; with it, the one deployed under that name.
    """

    def __init__(self, stack: str | None = None) -> None:
        self._stack = stack
        self._run: JsonObject | None = None if stack else read_run()

    def client(self, service: str, config: Config | None = None) -> Any:
        """A boto3 client for one of its services."""
        if self._run is None:
            return boto3.client(service, config=config)  # type: ignore[call-overload]
        return boto3.client(
            service,  # type: ignore[call-overload]
            config=config,
            endpoint_url=self._run["emulatorUrl"],
            region_name=self._run["region"],
            aws_access_key_id="000000000000",
            aws_secret_access_key="local",  # noqa: S106 (the emulator asks for none)
        )

    def resource(self, logical_id: str) -> str:
        """Physical id of a resource; a queue's is its URL."""
        if self._run is not None:
            resources: Mapping[str, str] = self._run["resources"]
            return resources[logical_id]
        described = self.client("cloudformation").describe_stack_resource(
            StackName=self._stack, LogicalResourceId=logical_id
        )
        return str(described["StackResourceDetail"]["PhysicalResourceId"])


def read_run() -> JsonObject:
    """What the embedded run says about itself.

    Raises:
        SystemExit: none is running.
    """
    file = local_dir() / "run.json"
    if not file.exists():
        raise SystemExit(
            "Nothing runs here: start it with `make run`, or name a deployed stack with --stack."
        )
    said: JsonObject = json.loads(file.read_text(encoding="utf-8"))
    return said
