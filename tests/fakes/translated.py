"""Answers of a provider's dialect for tests, as a client of any dialect gets them, without a walk around them."""

import json
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from aggregator.proxy.dialects.translation import Source, Translation
from aggregator.proxy.exchange import Progress
from tests.fakes.chat_world import ask

REQUEST_ID = "0198c0de" + "0" * 24


def translation(dialect: str, client: str = "chat", **asked: Any) -> Translation:
    """One answer of a provider's dialect on its way to a client of another."""
    source: Source = import_module(f"aggregator.proxy.dialects.{dialect}.from_provider")
    writer = import_module(f"aggregator.proxy.dialects.{client}.to_client").Writer
    return Translation(source, writer(ask(**asked), REQUEST_ID))


def decoded(dialect: str, body: bytes, progress: Progress, client: str = "chat") -> bytes:
    """A plain answer for the client, with what the provider counted; without a count if there is none."""
    whole = translation(dialect, client).decode(body, progress)
    if progress.usage is not None:
        return whole
    return json.dumps({name: said for name, said in json.loads(whole).items() if name != "usage"}).encode()


def streamed(
    dialect: str, blocks: Iterable[bytes], progress: Progress, client: str = "chat"
) -> Iterator[bytes]:
    """A stream for the client, without its end."""
    chunks = translation(dialect, client, stream=True).stream(iter(blocks), progress)
    return (chunk for chunk in chunks if chunk)
