"""The deployed platform with nothing running on its own: functions run when a test says so, over wires it may break."""

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from aggregator.auth.caller import ADMIN as ADMIN_SCOPE
from aggregator.auth.caller import Caller
from aggregator.auth.rotating_secret import RotatingSecret
from aggregator.auth.store import KeyStore
from aggregator.billing.books_store import BooksStore
from aggregator.billing.entry import Entry
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.model import Account
from aggregator.billing.reconcile import Finding, Reading, all_entries
from aggregator.billing.settle_batch import settle_batch
from aggregator.billing.transaction import Order, book
from aggregator.orchestrator.load_catalogue import packaged
from aggregator.runtime.batch import Message
from aggregator.runtime.signed_client import SignedClient
from aggregator.runtime.sigv4 import Credentials
from local.deploy import BUCKET, PARAMETERS, Stack, deploy, upload
from local.emulator import REGION, Emulator
from local.function_processes import FunctionProcesses
from local.package import build
from local.paths import ROOT, TEMPLATE
from local.process import stop_all
from local.reconcile import reconcile
from local.sandbox import Function
from local.standin import StandIn
from local.template import load, translate
from tests.faults.fault_proxy import FaultProxy

JsonObject = dict[str, Any]

CREDIT_NANO_USD = 1_000_000_000
TIGHT_NANO_USD = 3_000_000
"""What an account has of which one request holds a large part."""
MODEL = "faulty"
FALLBACK_MODEL = "faulty-with-fallback"
ADMIN = Caller(key_id="admin", user_id="admin", scopes=(ADMIN_SCOPE,))

# The variable that points one service's clients somewhere else.
ENDPOINT_VARIABLES = {
    "dynamodb": "AWS_ENDPOINT_URL_DYNAMODB",
    "events": "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "sqs": "AWS_ENDPOINT_URL_SQS",
    "secretsmanager": "AWS_ENDPOINT_URL_SECRETS_MANAGER",
}


class Platform:
    """The stack in an emulator, a stand-in provider, and its ledger. Use it as a context."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.emulator = Emulator(folder)
        self.standin = StandIn()

    def __enter__(self) -> Self:
        self.standin.__enter__()
        template = load(TEMPLATE)
        built = build(template, BUCKET)
        translated = translate(built.template, PARAMETERS, REGION)
        self.emulator.wait_until_ready()
        upload(self.emulator, built.archives)
        self.stack: Stack = deploy(self.emulator, translated, json.dumps(translated), PARAMETERS)
        self._rest_queues()
        self._load_catalogue()
        resources = self.stack.resources
        self._aws = self._signed("dynamodb")
        self._secrets = self._signed("secretsmanager")
        self.store = GrantStore(self._aws, resources["BillingTable"])
        self.books = BooksStore(self._aws, resources["BillingTable"])
        self.keys = KeyStore(self._aws, resources["AuthTable"])
        self.pepper = RotatingSecret(self._secrets, resources["Pepper"])
        self.sqs = self.emulator.client("sqs")
        return self

    def __exit__(self, *_: object) -> None:
        self._aws.close()
        self._secrets.close()
        self.standin.__exit__(None, None, None)
        stop_all([self.emulator.process])

    def new_user(self, credit_nano_usd: int = CREDIT_NANO_USD) -> str:
        """A user with that much to spend."""
        user_id = f"user-{uuid.uuid4().hex[:12]}"
        order = Order(f"00-{user_id}", user_id, "credit", credit_nano_usd, "2026-11-23T06:00:00.000Z")
        book(self.store, order, now_epoch_seconds=int(time.time()), sleep=time.sleep)
        return user_id

    def account(self, user_id: str) -> Account:
        """A user's account as it is now."""
        return self.store.account(user_id)

    def usage_entries(self, user_id: str) -> list[Entry]:
        """Entries of a user's requests."""
        return [entry for entry in all_entries(self.books, user_id) if entry.kind == "usage"]

    def provider_was_asked(self, text: str) -> bool:
        """Whether a request with `text` in it reached the provider."""
        return any(text in json.dumps(request["body"]) for request in self.standin.requests)

    def take_messages(self, queue: str) -> list[JsonObject]:
        """Take all messages off a queue, by its logical id; each is an envelope."""
        url = self.stack.resources[queue]
        taken: list[JsonObject] = []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                taken.append(json.loads(message["Body"]))
        return taken

    def settle_all(self) -> None:
        """Settle all usage that is on its way, each event twice."""
        envelopes = self.take_messages("BillingUsageQueue")
        messages = [
            Message(str(n), envelope["detail"]) for n, envelope in enumerate([*envelopes, *envelopes])
        ]
        failed = settle_batch(self.store, messages)
        assert failed == set()

    def findings(self) -> list[Finding]:
        """What reconciling finds, an account each."""
        return [finding for finding, _ in reconcile(self.books, Reading(time.time()))]

    @contextmanager
    def running(
        self,
        function: str,
        folder: str,
        proxies: Mapping[str, FaultProxy],
        *,
        log: str,
        timeout_seconds: float | None = None,
    ) -> Iterator[FunctionProcesses]:
        """Real processes of a function, by its logical id and folder, that reach services through `proxies`.

        They have the template's time limit unless told otherwise.
        """
        said = self.stack.environment_of(function) | self.emulator.environment()
        ways = {ENDPOINT_VARIABLES[service]: proxy.url for service, proxy in proxies.items()}
        with FunctionProcesses(
            Function(
                handler="app.handler",
                task_root=ROOT / "functions" / folder,
                environment=said | ways,
                log=self.folder / f"{log}.log",
                name=function,
                timeout_seconds=timeout_seconds or self.stack.functions[function]["Timeout"],
            ),
            hand_over_seconds=60,  # a warm process stays the one, however busy the machine is
        ) as processes:
            yield processes

    def _signed(self, service: str) -> SignedClient:
        return SignedClient(
            service,
            endpoint=self.emulator.url,
            region=REGION,
            credentials=lambda: Credentials("000000000000", "local", None),
        )

    def _rest_queues(self) -> None:
        """Let queues and streams keep what they get."""
        functions = self.emulator.client("lambda")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)

    def _load_catalogue(self) -> None:
        base = f"{self.standin.base_url.removesuffix('/v1')}"
        providers = {
            each["id"]: {"baseUrl": f"{base}/{each['id']}/v1", "timeoutSeconds": 5}
            for each in packaged()["providers"]
        }
        models = {
            MODEL: _model(MODEL, ["openai"]),
            FALLBACK_MODEL: _model(FALLBACK_MODEL, ["openai", "mistral"]),
        }
        self.emulator.client("secretsmanager").put_secret_value(
            SecretId=self.stack.resources["ProviderKeys"],
            SecretString=json.dumps(dict.fromkeys(providers, "stand-in")),
        )
        load_function = self.stack.resources["OrchestratorLoadCatalogueFunction"]
        answer = self.emulator.client("lambda").invoke(
            FunctionName=load_function,
            Payload=json.dumps(
                {"overrides": {"providers": providers, "models": models}, "by": "test"}
            ).encode(),
        )
        loaded = json.load(answer["Payload"])
        assert "version" in loaded, loaded


def allow(caller: Caller) -> JsonObject:
    """An authorizer's answer that lets a caller in."""
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}
    return {
        "principalId": caller.user_id,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": caller.to_context(),
    }


def _model(name: str, providers: list[str]) -> JsonObject:
    return {
        "id": name,
        "contextWindow": 8000,
        "maxInputTokens": 8000,
        "maxOutputTokens": 1000,
        "capabilities": ["chat", "streaming"],
        "prices": [
            {
                "version": "1",
                "effectiveAt": "1970-01-01T00:00:00.000Z",
                "input": 1_000_000_000,
                "output": 2_000_000_000,
            }
        ],
        "routes": [
            {"provider": provider, "upstreamModel": name, "weight": 100, "order": order}
            for order, provider in enumerate(providers)
        ],
    }
