"""The local AWS: ministack, in its own virtual environment, on a port of its own."""

import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3
from botocore.config import Config

from local.paths import EMULATOR_PYTHON, ROOT
from local.ports import free_port
from local.process import Process, StartError

REGION = "us-east-1"
ACCOUNT = "000000000000"
START_SECONDS = 60.0
# With which a program outside of the emulator may call it.
ACCESS = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": ACCOUNT,
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_SESSION_TOKEN": "",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Emulator:
    """A running emulator. Everything in it is gone when it stops."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = Process(
            "The AWS emulator",
            [str(EMULATOR_PYTHON), "-P", str(ROOT / "local" / "shared_layers.py")],
            folder / "emulator.log",
            {
                "GATEWAY_PORT": str(self.port),
                "BIND_HOST": "127.0.0.1",
                "IOT_MTLS_ENABLED": "0",
                "SFTP_ENABLED": "0",
                "MINISTACK_REGION": REGION,
                "LAMBDA_EXECUTOR": "local",
            },
        )

    def wait_until_ready(self) -> None:
        """Return once the emulator answers.

        Raises:
            StartError: it ended, or did not answer within a minute.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.process.require_running()
            try:
                with urlopen(f"{self.url}/_ministack/health", timeout=2):  # noqa: S310 (our own address)
                    return
            except (URLError, OSError):
                time.sleep(0.05)
        raise StartError(f"The AWS emulator did not answer at {self.url}:\n{self.process.last_lines()}")

    def environment(self) -> dict[str, str]:
        """What a program needs to take the emulator for AWS."""
        return {"AWS_ENDPOINT_URL": self.url, **ACCESS}

    def client(self, service: str) -> Any:
        """A boto3 client for a service of the emulator."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",  # noqa: S106 (the emulator asks for none)
            config=Config(
                read_timeout=120, retries={"total_max_attempts": 2}, s3={"addressing_style": "path"}
            ),
        )
