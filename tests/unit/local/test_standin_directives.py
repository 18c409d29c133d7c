"""How the stand-in reads what it is told."""

from pathlib import Path

import pytest

import local.standin
from local.standin.directives import (
    HEALTHY,
    NAMES,
    BadDirective,
    Directives,
    directives_of,
    without_directive,
)


def test_a_request_that_says_nothing_is_answered_in_good_health() -> None:
    assert directives_of("gpt-4o-mini", "", "hello") is HEALTHY


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("standin-429", Directives(status=429)),
        ("standin-503/gpt-4o", Directives(status=503)),
        ("standin-hang-model", Directives(hang=True)),
        ("gpt-4o-standin-cut", Directives(cut=3)),
        ("gpt-4o-standin-slow=200ms+status=500", Directives(slow=0.2, status=500)),
        ("x-standin-cut-plain", Directives(cut_plain=True)),
        ("standin-cutlass", HEALTHY),
        ("standin-mini", HEALTHY),
    ],
)
def test_a_model_name_can_tell(model: str, told: Directives) -> None:
    assert directives_of(model, "", "") == told


def test_a_header_tells_several_things() -> None:
    told = directives_of("m", "slow=1.5s; status=429; retry-after=1; code=insufficient_quota; garbage", "")

    assert told == Directives(slow=1.5, status=429, retry_after="1", code="insufficient_quota", garbage=True)


def test_the_message_wins_over_the_header_and_the_header_over_the_model() -> None:
    told = directives_of("standin-500+tokens=5", "status=502; cached=7", "[[standin status=503]] hello")

    assert told == Directives(status=503, tokens=5, cached=7)


def test_a_directive_at_the_start_of_a_line_is_read_for_agents_put_words_before_the_users() -> None:
    assert directives_of("m", "", "a note\n[[standin status=503]] hello").status == 503
    assert without_directive("a note\n[[standin status=503]] hello") == "a note\nhello"


def test_a_directive_in_the_middle_of_a_message_is_only_text() -> None:
    assert directives_of("m", "", "what is [[standin hang]]?") == HEALTHY


def test_a_directive_is_no_part_of_what_the_user_says() -> None:
    assert without_directive("[[standin times=1 id=a]]  hello [[there]]") == "hello [[there]]"


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("explode", "unknown stand-in directive: explode"),
        ("status", "status needs a value"),
        ("tokens=many", "tokens takes a whole number, not many"),
        ("slow=soon", "slow takes a duration such as 200ms or 1.5s, not soon"),
    ],
)
def test_what_it_cannot_read_is_refused_by_name(header: str, complaint: str) -> None:
    with pytest.raises(BadDirective, match=complaint):
        directives_of("m", header, "")


def test_without_faults_only_the_shape_of_the_answer_is_left() -> None:
    told = Directives(status=500, slow=1.0, cut=1, tokens=9, token_delay=0.1, cached=3)

    assert told.without_faults() == Directives(tokens=9, token_delay=0.1, cached=3)


def test_every_directive_is_in_the_readme() -> None:
    readme = Path(local.standin.__file__).with_name("README.md").read_text(encoding="utf-8")

    missing = [name for name in NAMES if f"`{name}`" not in readme and f"`{name}=" not in readme]

    assert missing == []
