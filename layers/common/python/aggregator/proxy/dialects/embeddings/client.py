"""Embeddings, as OpenAI's API has them. Standard library only."""

from aggregator.proxy.dialects.embeddings.from_client import read
from aggregator.proxy.dialects.surface import Surface
from aggregator.proxy.model import EMBEDDINGS as NAME

EMBEDDINGS = Surface(NAME, read)
