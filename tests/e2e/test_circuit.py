"""A provider that keeps failing is left alone; that it is taken back is in test_taken_back.py, half a minute later."""

from tests.e2e.caller import Reply
from tests.e2e.served import provider_of


def test_a_provider_that_keeps_failing_is_left_alone(opened: Reply) -> None:
    assert provider_of(opened) == "xai"
    assert opened.headers["x-aggregator-left-out"] == "deepseek"
    assert opened.headers["x-aggregator-attempts"] == "1"
