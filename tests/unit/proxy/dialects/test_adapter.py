"""Which package speaks which protocol, and that each has, under the same names, what the lane table loads."""

from importlib import import_module

import pytest

from aggregator.errors import ProviderUnavailable
from aggregator.orchestrator.model import PROTOCOLS
from aggregator.proxy.dialects.chat import provider as openai_compatible
from aggregator.proxy.dialects.lanes import adapter_of, source_of, surface_of


def test_openais_protocol_has_its_file() -> None:
    assert adapter_of("openai") is openai_compatible


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_every_protocol_that_a_catalogue_may_name_has_a_file(protocol: str) -> None:
    assert "encode" in vars(adapter_of(protocol))
    assert {"Reader", "replayed", "streamed"} <= vars(source_of(protocol)).keys()


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS - {"openai"}))
def test_who_is_asked_in_another_form_than_chat_says_before_money_is_held_what_it_cannot_carry(
    protocol: str,
) -> None:
    assert "check" in vars(adapter_of(protocol))


@pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])
def test_every_dialect_of_clients_has_the_same_files(dialect: str) -> None:
    package = f"aggregator.proxy.dialects.{dialect}"

    files = {name: import_module(f"{package}.{name}") for name in ("from_client", "to_client", "native")}

    assert surface_of(dialect).read is files["from_client"].read
    assert "Writer" in vars(files["to_client"])
    assert {"decode", "end", "fail", "stream", "whole"} <= vars(files["native"]).keys()


def test_an_unknown_protocol_is_told_without_its_name() -> None:
    with pytest.raises(ProviderUnavailable) as refused:
        adapter_of("telepathy")

    assert "telepathy" not in refused.value.message
