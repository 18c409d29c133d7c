"""Every field of the SDKs' request types has a class, so that a new one is noticed on the day it is pinned."""

from typing import Any

import pytest
from anthropic.types.beta.message_create_params import MessageCreateParamsBase as BetaMessages
from anthropic.types.message_create_params import MessageCreateParamsBase as Messages
from openai.types.responses.response_create_params import ResponseCreateParamsBase as Responses

from aggregator.errors import UnsupportedParameter
from aggregator.proxy.dialects.fields import HINT, MESSAGES, PLAIN, RESPONSES, passed

_BY_HEADER = {"betas"}
"""What the SDK takes as an argument and sends as a header."""


def fields_of(*types: type) -> set[str]:
    return {name for each in types for name in each.__annotations__}


def test_every_field_of_messages_has_a_class() -> None:
    assert fields_of(Messages, BetaMessages) - _BY_HEADER - set(MESSAGES) == set()


def test_every_field_of_responses_has_a_class() -> None:
    assert fields_of(Responses) - set(RESPONSES) == set()


@pytest.mark.parametrize("fields", [MESSAGES, RESPONSES])
def test_what_is_plain_or_a_hint_passes_as_it_is(fields: Any) -> None:
    body = {name: {"x": 1} for name, field in fields.items() if field.kind in (PLAIN, HINT)}

    assert passed(body, fields, house=False) == body


@pytest.mark.parametrize(("fields", "name"), [
    *((MESSAGES, name) for name, field in MESSAGES.items() if field.kind not in (PLAIN, HINT)),
    *((RESPONSES, name) for name, field in RESPONSES.items() if field.kind not in (PLAIN, HINT)),
])  # fmt: skip
def test_what_is_steering_priced_or_stored_is_refused_by_name_unless_it_asks_for_nothing(
    fields: Any, name: str
) -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        passed({name: "something"}, fields, house=True)

    assert refused.value.param == name
    for nothing in (None, *fields[name].nothing):
        passed({name: nothing}, fields, house=True)


def test_an_unknown_field_is_for_the_house_alone() -> None:
    assert passed({"of_tomorrow": 1}, MESSAGES, house=True) == {"of_tomorrow": 1}
    assert passed({"of_tomorrow": None}, MESSAGES, house=False) == {"of_tomorrow": None}
    with pytest.raises(UnsupportedParameter):
        passed({"of_tomorrow": 1}, MESSAGES, house=False)
