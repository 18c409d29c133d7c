"""What providers state of the pages of a PDF, as data. Standard library only.

Anthropic, "PDF support" (https://platform.claude.com/docs/en/build-with-claude/pdf-support): each page becomes an
image, which counts as any image, and its text comes with it, "1,500-3,000 tokens per page depending on content
density"; that is a habit and no limit, so the text is bounded by its bytes. A request has at most 100 pages, 600 where
the model reads more than 200,000 tokens. Bedrock gives Claude the same document.

Google, "Document understanding" (https://ai.google.dev/gemini-api/docs/document-processing) and "Media resolution"
(https://ai.google.dev/gemini-api/docs/media-resolution): at most 1,000 pages; a page is 258 tokens, from Gemini 3 on
560 unless another resolution is asked for, which is not done here, whatever its text.

OpenAI, "File inputs" (https://platform.openai.com/docs/guides/pdf-files): the text and an image of each page.
"""

from dataclasses import dataclass

from aggregator.orchestrator.model import Route as CatalogueRoute

_SMALL_WINDOW_TOKENS = 200_000


@dataclass(frozen=True, slots=True)
class StatedPages:
    """`most` pages a request takes; None where none is stated. A page is `tokens`, or an image, if that is more."""

    most: int | None = None
    tokens: int = 0
    text_counts_as_picture: bool = False


_OF_CLAUDE = StatedPages(most=600)
_OF_SMALL_CLAUDE = StatedPages(most=100)
_OF_GEMINI = StatedPages(most=1_000, tokens=560, text_counts_as_picture=True)
_OF_OTHERS = StatedPages()


def pages_of(via: CatalogueRoute) -> StatedPages:
    """What the provider of a route states."""
    protocol = via.provider.protocol
    if protocol == "gemini":
        return _OF_GEMINI
    if protocol == "anthropic" or (protocol == "bedrock" and "claude" in via.upstream_model):
        return _OF_CLAUDE if via.max_input_tokens > _SMALL_WINDOW_TOKENS else _OF_SMALL_CLAUDE
    return _OF_OTHERS
