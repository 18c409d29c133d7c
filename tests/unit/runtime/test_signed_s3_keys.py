import pytest

from aggregator.runtime.http_pool import Origin
from aggregator.runtime.signed_s3 import SignedS3


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "kept.s3.eu-west-1.amazonaws.com"),
        ("us-east-1", "kept.s3.us-east-1.amazonaws.com"),
        ("cn-north-1", "kept.s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_aws_is_called_by_the_buckets_own_name_over_tls(
    region: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)

    bucket = SignedS3("kept", region=region)

    assert bucket._origin == Origin(tls=True, host=host, port=443, path="/")


def test_an_endpoint_that_was_named_is_called_by_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/")

    general = SignedS3("kept")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000")
    own = SignedS3("kept")

    assert general._origin == Origin(tls=False, host="127.0.0.1", port=4566, path="/kept/")
    assert own._origin == Origin(tls=False, host="127.0.0.1", port=9000, path="/kept/")


@pytest.mark.parametrize("key", ["", "/a", "a b", "a//b", "ä", "a?b", "a/"])
def test_a_key_that_would_have_to_be_escaped_is_not_taken(key: str) -> None:
    bucket = SignedS3("kept", region="eu-west-1", endpoint="http://127.0.0.1:1")

    with pytest.raises(ValueError, match="escaped"):
        bucket.get(key)
