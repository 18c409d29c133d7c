import json

import pytest

from aggregator.auth.key import PlainKey
from aggregator.auth.model import ApiKey, Grant, Secret
from aggregator.auth.store import KeyStore
from aggregator.runtime import clock
from aggregator.runtime.aws import Aws
from tests.integration.auth.conftest import ADMIN_KEY, PEPPER
from tests.integration.auth.lambda_calls import Call, LambdaContext, authorise, handler_of, sample_of
from tests.unit.auth.fakes import created_now

SAMPLE_KEY = "agg_local_1vQ8Zk7pQ2xA_SampleSecretOfNoBody004Vd2cE"

# Powertools warns where a request counts nothing; most of these do not.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")


def test_no_secret_is_in_the_table_the_log_or_an_answer(
    call: Call, dynamodb: Aws, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    _, made = call("create_api_key", body={"userId": "ann", "name": "laptop"})
    _, rotated = call("rotate_api_key", body={}, key_id=made["id"])
    told = [
        authorise(made["key"]),
        authorise(rotated["key"]),
        authorise(rotated["key"][:-1] + "!"),
        authorise(ADMIN_KEY),
        call("create_api_key", body={"userId": "ann", "name": "x", "key": made["key"][:90]}),
        call("get_api_key", key_id=made["id"]),
        call("list_api_keys", query={"userId": "ann"}),
        call("revoke_api_key", key_id=made["id"]),
        call("rotate_api_key", body={}, key_id=made["id"]),
    ]
    stored = dynamodb.call("Scan", {"TableName": "AuthTable"})["Items"]

    written = capfd.readouterr()
    logged = json.dumps([record.__dict__ for record in caplog.records], default=repr)
    everything = "\n".join([json.dumps(stored), json.dumps(told), written.out, written.err, logged])
    assert made["id"] in written.out
    assert "POST /auth/api-keys/{keyId}/rotate" in logged
    for secret in (made["key"], rotated["key"]):
        assert secret.rsplit("_", 1)[1] not in everything
        assert secret.rsplit("_", 1)[1][:22] not in everything
    assert ADMIN_KEY not in everything
    assert PEPPER not in everything


def test_every_sample_event_works(keys: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "local")
    plain = PlainKey(SAMPLE_KEY, "local", "1vQ8Zk7pQ2xA")
    secret = Secret(plain.hash_under(PEPPER), created_at=clock.now())
    grant = Grant(name="sample", scopes=("inference",))
    key = ApiKey(plain.key_id, "demo", grant, (secret,), created_at=clock.now(), created_by="admin")
    keys.create(key, created_now(key))
    verbs = ["create_api_key", "list_api_keys"]
    verbs += [f"{verb}_api_key" for verb in ("get", "update", "rotate", "revoke")]

    policy = handler_of("authorizer")(sample_of("authorizer"), LambdaContext())
    statuses = [handler_of(name)(sample_of(name), LambdaContext())["statusCode"] for name in verbs]

    assert policy["principalId"] == "demo"
    assert statuses == [201, 200, 200, 200, 200, 200]
