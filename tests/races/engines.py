"""Engines with real concurrency, on which races run: the emulator, and AWS's own DynamoDB Local where Java is there."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3

from aggregator.runtime.aws import Aws, AwsError
from aggregator.runtime.signed_client import SignedClient, Timeouts
from local.emulator import REGION, Emulator
from local.ports import free_port
from local.process import stop_all
from tests.tables import create_table

ROOT = Path(__file__).parents[2]
SIMULATOR = "amplify-dynamodb-simulator"
SIMULATOR_VERSION = "2.9.30"
TABLE = "BillingTable"


@dataclass(frozen=True)
class Engine:
    """A running engine with a fresh billing table."""

    name: str
    url: str
    clients: list[SignedClient] = field(default_factory=list)

    def aws(self) -> Aws:
        """A client as the proxy has it, with a connection of its own; it waits as long as a race may last."""
        client = SignedClient(
            "dynamodb", endpoint=self.url, region=REGION, timeouts=Timeouts(attempt=30, total=60)
        )
        self.clients.append(client)
        return client

    def hang_up(self) -> None:
        """Close the clients' connections."""
        for client in self.clients:
            client.close()
        self.clients.clear()


@contextmanager
def ministack(folder: Path) -> Iterator[Engine]:
    """The emulator."""
    emulator = Emulator(folder)
    try:
        emulator.wait_until_ready()
        yield Engine("ministack", emulator.url)
    finally:
        stop_all([emulator.process])


def java() -> str | None:
    """The Java on this machine, if there is one."""
    return shutil.which("java")


@contextmanager
def dynamodb_local(folder: Path) -> Iterator[Engine]:
    """AWS's DynamoDB Local, as an npm package ships it; in memory."""
    home = _installed()
    port = free_port()
    with (folder / "dynamodb-local.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 (AWS's own program)
            [
                java() or "java",
                f"-Djava.library.path={home / 'DynamoDBLocal_lib'}",
                "-jar",
                str(home / "DynamoDBLocal.jar"),
                "-inMemory",
                "-sharedDb",
                "-port",
                str(port),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    try:
        engine = Engine("dynamodb-local", f"http://127.0.0.1:{port}")
        _wait_until_ready(engine, process)
        yield engine
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def fresh_table(engine: Engine) -> None:
    """A billing table with nothing in it."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=engine.url,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    if TABLE in client.list_tables()["TableNames"]:
        client.delete_table(TableName=TABLE)
        client.get_waiter("table_not_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})
    create_table(client, TABLE)
    client.close()


def _installed() -> Path:
    """Folder of DynamoDB Local, installed once from npm at its pinned version."""
    home = ROOT / ".local" / "dynamodb-local"
    package = home / "node_modules" / SIMULATOR / "package.json"
    if not package.exists() or json.loads(package.read_text())["version"] != SIMULATOR_VERSION:
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text('{"private": true}\n')
        npm = shutil.which("npm") or "npm"
        subprocess.run(  # noqa: S603 (pinned, and its scripts are not run)
            [
                npm,
                "install",
                "--ignore-scripts",
                "--no-save",
                "--no-package-lock",
                f"{SIMULATOR}@{SIMULATOR_VERSION}",
            ],
            cwd=home,
            check=True,
            capture_output=True,
            env=os.environ,
        )
    return package.parent / "emulator"


def _wait_until_ready(engine: Engine, process: "subprocess.Popen[bytes]") -> None:
    aws = SignedClient("dynamodb", endpoint=engine.url, region=REGION)
    for _ in range(300):
        assert process.poll() is None, "DynamoDB Local ended by itself"
        try:
            aws.call("ListTables", {})
        except AwsError:
            time.sleep(0.1)
        else:
            aws.close()
            return
    raise AssertionError("DynamoDB Local did not answer")
