"""Citations as the Responses API has them: annotations of some characters of a part's text.

Source: OpenAI API reference, "The response object" (`output_text.annotations`). A page is a `url_citation`; a document
of the request is a `file_citation` by its name, whose id is no file's: nothing here is kept under it.
"""

from typing import Any

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.annotations import OURS, beside, url_citation_in, url_citation_of
from aggregator.proxy.dialects.citations import MOST, Citation, unsealed


def citations_in(annotations: Any) -> tuple[Citation, ...]:
    """The citations among a part's annotations; files that OpenAI keeps are none, for nobody else can name them."""
    listed = annotations[:MOST] if isinstance(annotations, list) else ()
    found = [citation_in(each) for each in listed]
    return tuple(each for each in found if each is not None)


def citation_in(said: Any) -> Citation | None:
    """The citation that an annotation is, if it is one."""
    if not isinstance(said, dict):
        return None
    if said.get("type") == "url_citation":
        return url_citation_in(said, said.get(OURS))
    return unsealed(said.get(OURS)) if said.get("type") == "file_citation" else None


def for_provider(citation: Citation, length: int) -> JsonObject | None:
    """The citation as OpenAI takes it back, beside words that are so long; None for what is no page."""
    said = url_citation_of(citation, length)
    return None if said is None else {"type": "url_citation", **said}


def for_client(citation: Citation, length: int) -> JsonObject:
    """The citation as a client of Responses gets it, beside words that are so long."""
    said = for_provider(citation, length) or {
        "type": "file_citation",
        "file_id": f"{citation.kind}-{citation.place}",
        "filename": citation.title or citation.source,
        "index": (citation.span or (0, length))[1],
    }
    return said | beside(citation)


def without_ours(items: list[Any]) -> list[Any]:
    """Input items without annotations that carry our own field: OpenAI takes none that it does not know."""
    return [_without_ours(item) for item in items]


def _without_ours(item: Any) -> Any:
    content = item.get("content") if isinstance(item, dict) else None
    if not isinstance(content, list) or not any(_has_ours(part) for part in content):
        return item
    return {**item, "content": [_passable(part) if _has_ours(part) else part for part in content]}


def _has_ours(part: Any) -> bool:
    annotations = part.get("annotations") if isinstance(part, dict) else None
    return isinstance(annotations, list) and any(
        isinstance(each, dict) and OURS in each for each in annotations
    )


def _passable(part: JsonObject) -> JsonObject:
    """The part with pages as OpenAI has them, and without documents, whose ids are none of a file there."""
    kept = [
        {name: value for name, value in each.items() if name != OURS} if isinstance(each, dict) else each
        for each in part["annotations"]
        if not (isinstance(each, dict) and OURS in each and each.get("type") == "file_citation")
    ]
    return {**part, "annotations": kept}
