"""Promo codes over HTTP: made by an admin, redeemed once each user, listed, disabled."""

from typing import Any

import pytest

from tests.integration.own_calls.platform import Platform, Said, own
from tests.integration.own_calls.test_grants import key_of

USERS = iter(range(1_000))


def made(platform: Platform, **fields: Any) -> Said:
    body = {
        "amount": "5.00",
        "creditDays": 30,
        "redeemableUntil": "2036-11-01T00:00:00Z",
        "maxRedemptions": 2,
        **fields,
    }
    return platform.call(own("create_code"), body=body)


def redeemed(platform: Platform, user_id: str, code: str, **how: Any) -> Said:
    return platform.call(own("redeem_code"), key_of(user_id), body={"code": code}, **how)


def somebody() -> str:
    return f"redeemer-{next(USERS)}"


def test_a_code_is_made_redeemed_listed_and_disabled(platform: Platform) -> None:
    code = made(platform, name="Spring").body
    text = code.pop("code")
    ann, bob, cal = somebody(), somebody(), somebody()

    grant = redeemed(platform, ann, text.lower())
    again = redeemed(platform, ann, text)
    listed = platform.call(own("list_codes"), query={"limit": "500"}).body["data"]
    gone = platform.call(own("disable_code"), path={"codeId": code["id"]})
    late = redeemed(platform, bob, text)

    assert grant.status == 201, grant.text
    assert (grant.body["amount"], grant.body["left"], grant.body["state"]) == ("5.00", "5.00", "active")
    assert (grant.body["userId"], grant.body["reason"]) == (ann, "Spring")
    assert grant.body["codeId"] == code["id"]
    assert (again.status, again.body["error"]["code"]) == (409, "conflict")
    assert next(each for each in listed if each["id"] == code["id"]) == code | {"redeemed": 1}
    assert (gone.status, gone.body["state"]) == (200, "disabled")
    assert late.status == redeemed(platform, cal, "UNKNOWN-CODE").status == 404
    assert late.body["error"]["message"] == "This code cannot be redeemed."
    grants = platform.call(own("list_grants"), key_of(ann)).body
    assert (grants["left"], len(grants["data"])) == ("5.00", 1)


def test_a_chosen_text_is_taken_once(platform: Platform) -> None:
    first = made(platform, code="Spring-2036")
    second = made(platform, code="SPRING2036")

    assert (first.status, first.body["code"], second.status) == (201, "Spring-2036", 409)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"amount": "0.00"}, "amount"),
        ({"creditDays": 0}, "creditDays"),
        ({"creditDays": 3_651}, "creditDays"),
        ({"maxRedemptions": 0}, "maxRedemptions"),
        ({"redeemableUntil": "2020-01-01T00:00:00Z"}, "redeemableUntil"),
        ({"code": "short"}, "code"),
        ({"code": "with blanks"}, "code"),
    ],
)
def test_what_is_no_code_is_refused_by_its_field(
    platform: Platform, fields: dict[str, Any], param: str
) -> None:
    said = made(platform, **fields)

    assert (said.status, said.body["error"]["param"]) == (400, param)


def test_guessing_is_bounded(platform: Platform) -> None:
    ann = somebody()
    tries = [redeemed(platform, ann, f"GUESS-{n:04}").status for n in range(11)]

    last = redeemed(platform, ann, "GUESS-MORE")

    assert tries == [404] * 10 + [429]
    assert (last.status, last.body["error"]["code"]) == (429, "rate_limit_exceeded")
    assert 0 < int(last.headers["retry-after"]) <= 3_600


def test_codes_come_in_pages(platform: Platform) -> None:
    ids = {made(platform).body["id"] for _ in range(3)}
    seen: list[str] = []
    query: dict[str, Any] = {"limit": "2"}
    while True:
        page = platform.call(own("list_codes"), query=query).body
        seen += [each["id"] for each in page["data"]]
        if page["nextCursor"] is None:
            break
        query["cursor"] = page["nextCursor"]

    assert ids <= set(seen)
    assert len(seen) == len(set(seen))
