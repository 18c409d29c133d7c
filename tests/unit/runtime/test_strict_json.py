"""JSON that could mean two things, or is none, is refused by the path of the field."""

import pytest

from aggregator.errors import InvalidRequest, PayloadTooLarge
from aggregator.runtime.strict_json import read


@pytest.mark.parametrize(
    ("text", "param", "message"),
    [
        ('{"amount":"1.00","amount":"100.00"}', "amount", "amount: is there twice"),
        ('{"amount":"1.00","amount":"1.00"}', "amount", "amount: is there twice"),
        ('{"amount":"1.00","am\\u006funt":"2.00"}', "amount", "amount: is there twice"),
        ('{"limits":{"most":"1","most":"2"}}', "limits.most", "limits.most: is there twice"),
        ('{"routes":[{"a":1},{"b":1,"b":2}]}', "routes.1.b", "routes.1.b: is there twice"),
        ('{"price":{"input":"1"},"price":{"input":"2","input":"3"}}', "price", "price: is there twice"),
        ('{"a":1e999}', "a", "a: must be a finite number"),
        ('{"a":[-1e999]}', "a.0", "a.0: must be a finite number"),
        ('{"a":"\\ud800"}', "a", "a: must be text: half of a character is none"),
        ('{"\\udc00":1}', None, "The body has a name that is no text."),
        ('{"x":' + "[" * 40 + "]" * 40 + "}", "x", "x: must not be nested deeper than 32 levels"),
        ("[" * 40 + "]" * 40, "0", "0: must not be nested deeper than 32 levels"),
    ],
)  # fmt: skip
def test_what_could_mean_two_things_is_named(text: str, param: str | None, message: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(text)

    assert (refused.value.param, refused.value.message) == (param, message)


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a":NaN}', '{"a":Infinity}', '{"a":-Infinity}', '{"a":1,}', "\ufeff{}", '{"a":' + "9" * 5_000 + "}"]
    + [opening * 50_000 for opening in ("[", '{"a":', '[{"a":')]
    + ['{"a":' + "[" * 50_000 + "]" * 50_000 + "}"],
)  # fmt: skip
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(text)

    assert (refused.value.param, refused.value.message) == (None, "The body is not valid JSON.")


def test_a_body_longer_than_any_of_ours_is_too_large() -> None:
    with pytest.raises(PayloadTooLarge):
        read('"' + "a" * 1024 * 1024 + '"')


def test_what_means_one_thing_is_read_as_it_is() -> None:
    text = (
        '{"a":{"x":1},"b":[{"x":1},{"x":2}],"c":1e300,"d":"\\ud83d\\ude00","e":null,"f":'
        + "[" * 30
        + "]" * 30
        + "}"
    )

    said = read(text)

    nested: list[object] = []
    for _ in range(29):
        nested = [nested]
    assert said == {"a": {"x": 1}, "b": [{"x": 1}, {"x": 2}], "c": 1e300, "d": "😀", "e": None, "f": nested}
