"""Memory of large answers: a function has 128 MB, and an answer may be of several."""

import json
import tracemalloc

from aggregator.proxy.dialects.chat.native import decode
from aggregator.proxy.exchange import Progress

SIZE = 2_000_000


def completion(text: str) -> bytes:
    message = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return json.dumps({"id": "c", "choices": [message], "usage": usage}).encode()


def peak_of_decoding(body: bytes) -> tuple[int, Progress]:
    progress = Progress()
    tracemalloc.start()
    decode(body, progress)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak, progress


def test_a_large_answer_takes_a_few_times_its_size() -> None:
    body = completion("x" * SIZE)

    peak, progress = peak_of_decoding(body)

    assert progress.output_bytes == SIZE
    assert peak < 3 * len(body)


def test_so_does_one_that_is_all_escapes() -> None:
    body = completion("ä" * (SIZE // 6))

    peak, progress = peak_of_decoding(body)

    assert progress.output_bytes == SIZE // 6 * 2
    assert peak < 3 * len(body)
