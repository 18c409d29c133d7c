"""No key, secret, prompt or answer in anything that a run writes: logs, events, tables, errors."""

import hashlib
import json
import os
import signal
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
import pytest

from local.emulator import ACCOUNT, REGION
from tests.e2e.caller import ApiCaller, Reply, eventually
from tests.e2e.conftest import NewUser
from tests.e2e.stack import Stack, descendants

pytestmark = pytest.mark.unjudged(
    "its words stand in every place that takes some, also where no type has one"
)

JsonObject = dict[str, Any]

# Words that nobody else says. The stand-in's answers repeat what they were asked, and so say them too.
PROMPT = f"prompt{uuid.uuid4().hex}"
PROVIDER_KEY = f"sk-{uuid.uuid4().hex}"

# Asked of the stand-in by a user; each says the marked words, and so would everything that quotes it.
CHATS: list[JsonObject] = [
    {},
    {"stream": True, "stream_options": {"include_usage": True}},
    {"tools": [{"type": "function", "function": {"name": "look", "description": PROMPT}}]},
    {"directive": "refuse-key"},
    {"directive": "refuse-key", "stream": True},
    {"directive": "status=500"},
    {"directive": "status=400"},
    {"directive": "garbage"},
    {"directive": "html"},
    {"directive": "cut=4", "stream": True},
    {"directive": "error-in-stream=4", "stream": True},
    {"max_tokens": PROMPT},
    {"temperature": {PROMPT: PROMPT}},
    {"messages": PROMPT},
    {"messages": [{"role": "user", "content": [{"type": PROMPT, "text": PROMPT}]}]},
    {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PROMPT}}]}]},
    {"n": 10_000},
]


@dataclass(frozen=True)
class Written:
    """All that a run wrote, by where; and what must not be in it, by what it is."""

    texts: Mapping[str, str]
    secrets: Mapping[str, str]
    user_id: str
    request_id: str

    def leaks(self, kind: str) -> list[str]:
        """What stands where it must not."""
        return [
            f"{secret} in {place}"
            for place, text in self.texts.items()
            if place.startswith(kind)
            for secret, value in self.secrets.items()
            if value in text
        ]


class Watch:
    """Looks into the emulator, and keeps every event that goes over the bus."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.client = partial(
            boto3.client,
            endpoint_url=stack.emulator_url,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",
        )
        self._sqs = self.client("sqs")
        self._queue = self._sqs.create_queue(QueueName="everything")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        events = self.client("events")
        bus = stack.resources["Bus"]
        pattern = json.dumps({"source": [{"prefix": "aggregator"}]})
        events.put_rule(Name="everything", EventBusName=bus, EventPattern=pattern)
        target = {"Id": "everything", "Arn": attributes["Attributes"]["QueueArn"]}
        events.put_targets(Rule="everything", EventBusName=bus, Targets=[target])

    def secret(self, name: str) -> str:
        """Content of a secret."""
        manager = self.client("secretsmanager")
        text: str = manager.get_secret_value(SecretId=self._stack.resources[name])["SecretString"]
        return text

    def use_provider_key(self, key: str) -> None:
        """Put in another key for all providers, and end the processes that remember the old one."""
        manager = self.client("secretsmanager")
        providers = json.loads(self.secret("ProviderKeys"))
        manager.put_secret_value(
            SecretId=self._stack.resources["ProviderKeys"],
            SecretString=json.dumps(dict.fromkeys(providers, key)),
        )
        pid = json.loads((self._stack.folder / "run.json").read_text(encoding="utf-8"))["pid"]
        for child, command in descendants(pid).items():
            if "aggregator.runtime.bootstrap" in command:
                os.kill(child, signal.SIGKILL)

    def provider_keys_seen(self) -> set[str]:
        """SHA-256 of the keys with which the provider was asked."""
        return {request["keySha256"] for request in self._stack.asked()}

    def written(self) -> Iterator[tuple[str, str]]:
        """Every place that a run writes to, and what stands there."""
        yield from self._files()
        yield from self._logs()
        yield "events", "\n".join(self._events())
        yield from self._tables()

    def _files(self) -> Iterator[tuple[str, str]]:
        """Files of the run but run.json, which is for its owner; of what it printed, all but the banner."""
        for file in self._stack.folder.iterdir():
            if file.is_file() and file.name != "run.json":
                text = file.read_text(encoding="utf-8", errors="replace")
                if file.name == "output.log":
                    start, _, banner = text.partition("The platform is up")
                    text = start + banner.rpartition("nothing is kept.")[2]
                yield f"file {file.name}", text

    def _logs(self) -> Iterator[tuple[str, str]]:
        logs = self.client("logs")
        for groups in logs.get_paginator("describe_log_groups").paginate():
            for group in groups["logGroups"]:
                name = group["logGroupName"]
                pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name)
                yield f"log {name}", "\n".join(each["message"] for page in pages for each in page["events"])

    def _events(self) -> Iterator[str]:
        while messages := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
                yield message["Body"]

    def _tables(self) -> Iterator[tuple[str, str]]:
        dynamodb = self.client("dynamodb")
        for table in dynamodb.list_tables()["TableNames"]:
            pages = dynamodb.get_paginator("scan").paginate(TableName=table)
            yield f"table {table}", json.dumps([page["Items"] for page in pages], default=repr)


@pytest.fixture(scope="module")
def written(stack: Stack, admin: ApiCaller, stranger: ApiCaller, new_user: NewUser) -> Written:
    """What stands where after chats, refusals and failures of all kinds, and a key's whole life."""
    watch = Watch(stack)
    watch.use_provider_key(PROVIDER_KEY)
    user, poor = new_user(), new_user(credit="0.000000001")
    chats = [chat(user, **fields) for fields in CHATS]
    rotated = admin.post(f"/auth/api-keys/{poor.key_id}/rotate", {}).json["key"]
    key = user.key or ""
    mistyped = ApiCaller(stack.base_url, key[:-1] + ("A" if key[-1] != "A" else "B"))
    broken = ApiCaller(stack.base_url, f"{key} {PROMPT}")
    refusals = [
        *chats,
        chat(poor),
        chat(mistyped),
        chat(broken),
        chat(stranger),
        user.call("POST", "/v1/chat/completions", f'{{"model": "{PROMPT}'.encode()),
        user.get(f"/billing/balance/{poor.user_id}"),
        user.post("/billing/transaction", {"userId": user.user_id, "description": PROMPT}),
        user.post("/auth/api-keys", {"name": {PROMPT: PROMPT}}),
        admin.call("PATCH", f"/auth/api-keys/{user.key_id}", {"scopes": [], "limits": {"nonsense": -1}}),
        admin.call("DELETE", f"/auth/api-keys/{poor.key_id}"),
    ]
    for caller in (mistyped, broken):
        caller.close()
    request_id = chats[0].headers["x-request-id"]
    settled = eventually(
        lambda: user.get(f"/billing/receipts/{request_id}"), lambda found: found.status == 200
    )
    assert settled.status == 200
    errors = {
        f"error {n}, {reply.status}": f"{dict(reply.headers)} {reply.body.decode(errors='replace')}"
        for n, reply in enumerate(refusals)
        if reply.status >= 400 or b'"error"' in reply.body
    }
    keys = {"a user's key": key, "a poor user's key": poor.key or "", "a rotated key": rotated}
    keys |= {"the first user's key": stack.api_key, "a mistyped key": mistyped.key or ""}
    secrets = {what: key.rpartition("_")[2] for what, key in keys.items()}
    secrets |= {"the admin's key": stack.admin_key, "the pepper": watch.secret("Pepper")}
    secrets |= {"a provider's key": PROVIDER_KEY, "a prompt or an answer": PROMPT}
    assert all(len(value) >= 28 for value in secrets.values())
    assert hashlib.sha256(PROVIDER_KEY.encode()).hexdigest() in watch.provider_keys_seen()
    return Written(dict(watch.written()) | errors, secrets, user.user_id, request_id)


def chat(caller: ApiCaller, *, directive: str = "", **fields: Any) -> Reply:
    """Say the marked words."""
    said = f"[[standin {directive}]] {PROMPT}" if directive else PROMPT
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": said}]} | fields
    return caller.post("/v1/chat/completions", body)


@pytest.mark.parametrize("kind", ["file", "log", "events", "table", "error"])
def test_nothing_secret_stands_in_what_a_run_writes(written: Written, kind: str) -> None:
    assert written.leaks(kind) == []


@pytest.mark.parametrize("kind", ["file ProxyCreateChatCompletionFunction.log", "events", "table"])
def test_what_may_stand_there_is_found_so_that_secrets_would_be(written: Written, kind: str) -> None:
    texts = "".join(text for place, text in written.texts.items() if place.startswith(kind))

    assert written.request_id in texts


def test_logs_and_errors_of_all_kinds_were_looked_at(written: Written) -> None:
    logs = [text for place, text in written.texts.items() if place.startswith("log ")]
    statuses = {place.rpartition(" ")[2] for place in written.texts if place.startswith("error ")}

    assert written.user_id in "".join(logs)
    assert len(logs) > 10
    assert statuses >= {"200", "400", "401", "402", "403", "502"}
