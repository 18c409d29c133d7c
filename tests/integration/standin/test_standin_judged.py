"""The stand-in puts what it is asked before a judge, where the environment names one."""

import json

import pytest
import urllib3

from local.standin.judged import VARIABLE
from local.standin.server import StandIn

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "seeds": 1}


def taken(standin: StandIn) -> list[str]:
    found: list[str] = urllib3.request("DELETE", f"{standin.url}/__standin/misfits").json()["misfits"]
    return found


def test_what_a_judge_finds_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "tests.judge.judging:misfits")
    with StandIn() as standin:
        answer = urllib3.request("POST", f"{standin.base_url}/chat/completions", body=json.dumps(BODY))

        assert answer.status == 200
        assert taken(standin) == ["/v1/chat/completions seeds: Extra inputs are not permitted"]
        assert taken(standin) == []


def test_without_a_judge_nothing_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with StandIn() as standin:
        urllib3.request("POST", f"{standin.base_url}/chat/completions", body=json.dumps(BODY))

        assert taken(standin) == []
