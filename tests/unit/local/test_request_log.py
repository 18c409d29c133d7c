from typing import Any

from local.request_log import Served, line_of


def line(**changes: Any) -> str:
    values: dict[str, Any] = {
        "at": "12:00:01",
        "method": "POST",
        "path": "/v1/chat/completions",
        "status": 200,
        "milliseconds": 812.4,
        "headers": {"x-request-id": "01a207385dac-655a4bf3-ec7a-4a4a-b46b-fdfd0ed75af1"},
    }
    return line_of(Served(**(values | changes)))


def test_a_plain_chat_shows_model_tokens_and_cost() -> None:
    headers = {
        "X-Aggregator-Model": "gpt-4o-mini",
        "x-aggregator-cost-usd": "0.0000108",
        "x-request-id": "abc",
    }
    body = b'{"model":"gpt-4o-mini-2024","usage":{"total_tokens":24}}'

    assert line(headers=headers, tail=body) == (
        "12:00:01  POST /v1/chat/completions              200     812 ms"
        "  gpt-4o-mini  24 tokens  $0.0000108  abc"
    )


def test_a_stream_shows_what_its_last_chunks_say() -> None:
    tail = (
        b'data: {"model":"m","choices":[]}\n\n'
        b'data: {"model":"m","choices":[],"usage":{"total_tokens":7,"cost_usd":"0.5"}}\n\ndata: [DONE]\n\n'
    )

    assert line(tail=tail).endswith("812 ms  m  7 tokens  $0.5  01a207385dac-655a4bf3")


def test_a_stream_of_responses_shows_what_its_last_event_says_of_the_whole() -> None:
    tail = (
        b'event: response.completed\ndata: {"type":"response.completed","response":'
        b'{"model":"m","usage":{"total_tokens":22,"cost_usd":"0.25"}}}\n\n'
    )

    assert line(tail=tail).endswith("812 ms  m  22 tokens  $0.25  01a207385dac-655a4bf3")


def test_a_message_shows_the_sum_of_its_parts() -> None:
    usage = (
        '{"input_tokens":3,"cache_read_input_tokens":20,"cache_creation_input_tokens":null,"output_tokens":5}'
    )
    plain = f'{{"type":"message","model":"m","usage":{usage}}}'
    streamed = f'event: message_delta\ndata: {{"type":"message_delta","delta":{{}},"usage":{usage}}}\n\n'
    uncounted = '{"type":"message","model":"m","usage":{"output_tokens":5}}'

    assert line(tail=plain.encode()).endswith("812 ms  m  28 tokens  01a207385dac-655a4bf3")
    assert line(tail=streamed.encode()).endswith("812 ms  28 tokens  01a207385dac-655a4bf3")
    assert line(tail=uncounted.encode()).endswith("812 ms  m  01a207385dac-655a4bf3")


def test_a_refusal_shows_its_code() -> None:
    assert line(status=402, tail=b'{"error":{"code":"insufficient_quota"}}').endswith(
        "402     812 ms  insufficient_quota  01a207385dac-655a4bf3"
    )


def test_what_cut_an_answer_short_is_said() -> None:
    assert line(note="client gone").endswith("client gone  01a207385dac-655a4bf3")


def test_an_answer_that_says_nothing_of_itself_leaves_a_short_line() -> None:
    assert line(tail=b"<html>\n{broken}\n", headers={}).endswith("200     812 ms")
