"""Which file speaks which protocol."""

import pytest

from aggregator.errors import ProviderUnavailable
from aggregator.orchestrator.model import PROTOCOLS
from aggregator.proxy.dialects.chat import provider as openai_compatible
from aggregator.proxy.dialects.lanes import adapter_of, source_of


def test_openais_protocol_has_its_file() -> None:
    assert adapter_of("openai") is openai_compatible


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_every_protocol_that_a_catalogue_may_name_has_a_file(protocol: str) -> None:
    assert "encode" in vars(adapter_of(protocol))
    assert {"Reader", "replayed", "streamed"} <= vars(source_of(protocol)).keys()


def test_an_unknown_protocol_is_told_without_its_name() -> None:
    with pytest.raises(ProviderUnavailable) as refused:
        adapter_of("telepathy")

    assert "telepathy" not in refused.value.message
