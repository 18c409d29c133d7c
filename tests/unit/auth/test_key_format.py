import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.auth.key import PlainKey, masked, new_key, new_key_id, parse
from aggregator.errors import InvalidApiKey

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"

keys = st.builds(
    lambda environment, key_id: new_key(environment, key_id).text,
    st.sampled_from(["dev", "prod", "local"]),
    st.text(CHARACTERS[:62], min_size=12, max_size=12),
)


def environment_of(text: str) -> str:
    return text.split("_")[1]


def test_a_new_key_is_read_back_with_its_id() -> None:
    plain = new_key("dev", "1vQ8Zk7pQ2xA")

    read = parse(plain.text, "dev")

    assert (read.key_id, read.environment) == ("1vQ8Zk7pQ2xA", "dev")
    assert re.fullmatch(r"agg_dev_1vQ8Zk7pQ2xA_[0-9A-Za-z]{28}", plain.text)


def test_the_checksum_is_the_crc32_of_all_before_it_in_base62() -> None:
    read = parse("agg_prod_1vQ8Zk7pQ2xA_4f8Jd0sLq2Wm9XyTzB1cVn31vCE0", "prod")

    assert read.key_id == "1vQ8Zk7pQ2xA"


def test_two_keys_of_one_id_differ() -> None:
    made = {new_key("dev", "1vQ8Zk7pQ2xA").text for _ in range(200)}

    assert len(made) == 200


def test_ids_of_later_keys_sort_later() -> None:
    first = datetime(2026, 11, 23, tzinfo=UTC)
    moments = [first + timedelta(seconds=seconds) for seconds in (0, 1, 61, 62, 3_844, 10**9)]

    ids = [new_key_id(moment) for moment in moments]

    assert ids == sorted(ids)
    assert {len(each) for each in ids} == {12}


@given(keys, st.data())
def test_a_single_wrong_character_is_always_refused(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    wrong = data.draw(st.sampled_from([each for each in CHARACTERS if each != text[place]]))
    mistyped = text[:place] + wrong + text[place + 1 :]

    with pytest.raises(InvalidApiKey):
        parse(mistyped, environment_of(text))


@given(keys, st.data())
def test_two_characters_that_changed_places_are_always_refused(text: str, data: st.DataObject) -> None:
    first, second = sorted(data.draw(st.sets(st.integers(0, len(text) - 7), min_size=2, max_size=2)))
    swapped = list(text)
    swapped[first], swapped[second] = swapped[second], swapped[first]

    if text[first] != text[second]:
        with pytest.raises(InvalidApiKey):
            parse("".join(swapped), environment_of(text))


@given(keys, st.data())
def test_a_lost_or_added_character_is_refused(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    added = data.draw(st.sampled_from(CHARACTERS))

    for mistyped in (text[:place] + text[place + 1 :], text[:place] + added + text[place:]):
        with pytest.raises(InvalidApiKey):
            parse(mistyped, environment_of(text))


@given(st.text())
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    with pytest.raises(InvalidApiKey):
        parse(text, "dev")


def test_a_key_of_another_environment_is_refused() -> None:
    text = new_key("dev", "1vQ8Zk7pQ2xA").text

    with pytest.raises(InvalidApiKey, match=r"Incorrect API key provided\."):
        parse(text, "prod")


@pytest.mark.parametrize("around", [" {}", "{} ", "{}\n", "Bearer {}"])
def test_nothing_may_stand_around_a_key(around: str) -> None:
    text = around.format(new_key("dev", "1vQ8Zk7pQ2xA").text)

    with pytest.raises(InvalidApiKey):
        parse(text, "dev")


def test_the_hash_is_hmac_sha256_of_the_whole_key_under_the_pepper() -> None:
    plain = PlainKey("what do ya want for nothing?", "dev", "rfc4231-test")

    # RFC 4231, test case 2.
    assert plain.hash_under("Jefe") == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_a_key_prints_without_its_secret() -> None:
    plain = new_key("dev", "1vQ8Zk7pQ2xA")

    assert masked(plain) == "agg_dev_1vQ8Zk7pQ2xA_***"
    assert repr(plain) == "agg_dev_1vQ8Zk7pQ2xA_***"
    assert f"{plain}" == "agg_dev_1vQ8Zk7pQ2xA_***"
