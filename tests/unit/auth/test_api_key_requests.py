from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from aggregator.auth.api import (
    ApiKeyPage,
    ApiKeyView,
    CreateApiKeyRequest,
    RotateApiKeyRequest,
    UpdateApiKeyRequest,
)
from aggregator.auth.model import Grant
from tests.unit.auth.fakes import ADMIN, MANAGER, NOW, a_key

CREATE: dict[str, Any] = {"userId": "ann", "name": "laptop"}


def test_a_whole_request_becomes_a_grant() -> None:
    body = CreateApiKeyRequest.model_validate(
        CREATE
        | {
            "name": "  laptop ",
            "scopes": ["inference", "inference", "models:read"],
            "expiresAt": "2027-01-01T01:00:00+01:00",
            "allowedModels": ["gpt-4o*", "openai/gpt-4o-mini", "gpt-4o*"],
            "allowedIps": ["203.0.113.7", "203.0.113.9/24", "2001:DB8::1/32"],
            "limits": {
                "requestsPerMinute": 60,
                "concurrentRequests": 2,
                "usdPerMinute": "0.25",
                "dailyBudget": "5.00",
            },
        }
    )

    assert body.to_grant(ADMIN) == Grant(
        name="laptop",
        scopes=("inference", "models:read"),
        expires_at=datetime(2027, 1, 1, tzinfo=UTC),
        allowed_models=("gpt-4o*", "openai/gpt-4o-mini"),
        allowed_ips=("203.0.113.7/32", "203.0.113.0/24", "2001:db8::/32"),
        limits={
            "requestsPerMinute": 60,
            "concurrentRequests": 2,
            "usdPerMinuteNanoUsd": 250_000_000,
            "dailyBudgetNanoUsd": 5_000_000_000,
        },
    )


def test_without_scopes_a_key_gets_the_default_ones_that_its_maker_has() -> None:
    body = CreateApiKeyRequest.model_validate(CREATE)

    assert body.to_grant(ADMIN).scopes == ("inference", "models:read", "billing:read", "analytics:read")
    assert body.to_grant(MANAGER).scopes == ("inference", "models:read")


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ({"userId": ""}, ("userId",)),
        ({"userId": "a b"}, ("userId",)),
        ({"userId": "a#b"}, ("userId",)),
        ({"userId": "x" * 129}, ("userId",)),
        ({"userId": 7}, ("userId",)),
        ({"name": "  "}, ("name",)),
        ({"name": "n" * 101}, ("name",)),
        ({"scopes": []}, ("scopes",)),
        ({"scopes": ["root"]}, ("scopes", 0)),
        ({"expiresAt": "tomorrow"}, ("expiresAt",)),
        ({"expiresAt": "2027-01-01T00:00:00"}, ("expiresAt",)),
        ({"allowedModels": []}, ("allowedModels",)),
        ({"allowedModels": ["gpt-4o", "gpt-[45]"]}, ("allowedModels", 1)),
        ({"allowedModels": ["gpt-4?"]}, ("allowedModels", 0)),
        ({"allowedIps": ["203.0.113.0/33"]}, ("allowedIps", 0)),
        ({"allowedIps": ["everywhere"]}, ("allowedIps", 0)),
        ({"limits": {"requestsPerMinute": 0}}, ("limits", "requestsPerMinute")),
        ({"limits": {"tokensPerMinute": 1.5}}, ("limits", "tokensPerMinute")),
        ({"limits": {"concurrentRequests": "2"}}, ("limits", "concurrentRequests")),
        ({"limits": {"dailyBudget": 5}}, ("limits", "dailyBudget")),
        ({"limits": {"usdPerMinute": 1}}, ("limits", "usdPerMinute")),
        ({"limits": {"usdPerMinute": "0.00"}}, ("limits", "usdPerMinute")),
        ({"limits": {"dailyBudget": "0.00"}}, ("limits", "dailyBudget")),
        ({"limits": {"monthlyBudget": "-1"}}, ("limits", "monthlyBudget")),
        ({"limits": {"monthlyBudget": "0.0000000001"}}, ("limits", "monthlyBudget")),
        ({"limits": {"requestsPerHour": 1}}, ("limits", "requestsPerHour")),
        ({"secret": "mine"}, ("secret",)),
    ],
)
def test_a_wrong_field_is_named_by_its_path(field: dict[str, Any], path: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        CreateApiKeyRequest.model_validate(CREATE | field)

    assert refused.value.errors()[0]["loc"] == path


def test_an_update_sets_only_what_was_sent_and_null_clears() -> None:
    body = UpdateApiKeyRequest.model_validate({"expiresAt": None, "limits": None, "name": "other"})

    assert body.to_fields() == {"expires_at": None, "limits": {}, "name": "other"}


@pytest.mark.parametrize("body", [{}, {"name": None}, {"scopes": None}, {"userId": "bob"}])
def test_an_update_needs_a_field_and_has_no_key_without_name_and_scopes(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UpdateApiKeyRequest.model_validate(body)


@pytest.mark.parametrize(("body", "overlap"), [({}, 3_600), ({"overlapSeconds": 0}, 0)])
def test_an_overlap_is_an_hour_unless_said(body: dict[str, Any], overlap: int) -> None:
    assert RotateApiKeyRequest.model_validate(body).to_overlap() == timedelta(seconds=overlap)


@pytest.mark.parametrize("seconds", [-1, 2_592_001, 1.5, "60"])
def test_an_overlap_is_a_whole_number_up_to_thirty_days(seconds: object) -> None:
    with pytest.raises(ValidationError):
        RotateApiKeyRequest.model_validate({"overlapSeconds": seconds})


def test_a_key_is_shown_without_its_secrets() -> None:
    key, plain = a_key(
        limits={"usdPerMinuteNanoUsd": 90_000_000, "dailyBudgetNanoUsd": 1_500_000_000}, last_used_at=NOW
    )

    shown = ApiKeyView.of(key.rotated("new-hash", NOW, timedelta(hours=1)), NOW).model_dump_json()

    assert plain.text not in shown
    assert "hash" not in shown
    assert '"previousSecretEndsAt":"2026-11-23T13:00:00.000Z"' in shown
    assert '"lastUsedAt":"2026-11-23T12:00:00.000Z"' in shown
    assert '"dailyBudget":"1.50"' in shown
    assert '"usdPerMinute":"0.09"' in shown


def test_a_page_says_where_to_go_on() -> None:
    key, _ = a_key()

    page = ApiKeyPage.of([key], "someKeyOfAnn", NOW)

    assert page.model_dump()["nextCursor"] == "someKeyOfAnn"
    assert page.model_dump()["data"][0]["id"] == "someKeyOfAnn"
