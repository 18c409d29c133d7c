"""Which providers refuse a file that is named by its address, for they fetch none, or not such a one."""

from collections.abc import Iterator
from typing import Any

from local.standin.ask import JsonObject
from local.standin.dialects.gemini import in_camels
from local.standin.refusals.gemini import parts_in
from local.standin.refusals.reading import blocks_in, blocks_of, listed
from local.standin.refusals.rules import Call, Rule

_BEDROCK = ("bedrock", "bedrock-mantle")
_GEMINI_FETCHES = frozenset({
    "text/html", "text/css", "text/plain", "text/xml", "text/csv", "text/rtf", "text/javascript", "application/json",
    "application/pdf", "image/bmp", "image/jpeg", "image/png", "image/webp",
})  # fmt: skip
_GOOGLES_OWN = "https://generativelanguage.googleapis.com/"


def _parts(call: Call) -> Iterator[tuple[str, JsonObject]]:
    for n, message in enumerate(listed(call.body, "messages")):
        for k, part in enumerate(blocks_of(message)):
            yield f"messages[{n}].content[{k}]", part


def _shown(part: JsonObject) -> str:
    said: Any = part.get("image_url") or ""
    return str(said.get("url") or "") if isinstance(said, dict) else str(said)


def _chat_image(call: Call) -> tuple[str, str] | None:
    for at, part in _parts(call):
        if part.get("type") == "image_url" and not _shown(part).startswith(("data:", "s3://")):
            return f"{at}.image_url.url", "Only inline image data URLs and S3 URLs are supported."
    return None


def _ollama_image(call: Call) -> tuple[str, str] | None:
    if any(
        part.get("type") == "image_url" and not _shown(part).startswith("data:") for _, part in _parts(call)
    ):
        return "", "invalid image input"
    return None


def _chat_file(call: Call) -> tuple[str, str] | None:
    for at, part in _parts(call):
        said = (part.get("file") or {}).get("file_data") if part.get("type") == "file" else None
        if said is not None and not str(said).startswith("data:"):
            place = f"{at}.file.file_data"
            return place, f"Invalid '{place}'. Expected a base64-encoded data URL with a PDF."
    return None


def _response_file(call: Call) -> tuple[str, str] | None:
    items = call.body["input"] if isinstance(call.body.get("input"), list) else []
    for n, item in enumerate(items):
        held = item.get("content") if item.get("type", "message") == "message" else item.get("output")
        for k, part in enumerate(held if isinstance(held, list) else ()):
            at = f"input[{n}].content[{k}]"
            if part.get("type") == "input_image" and not _shown(part).startswith(("data:", "s3://")):
                return f"{at}.image_url", "image_url must be `data:` or `s3://`."
            if part.get("type") == "input_file" and part.get("file_url") is not None:
                return (
                    f"{at}.file_url",
                    "Unsupported file type: 'unknown'. Supported: PDF, DOCX, XLSX, CSV, TXT, MD, HTML.",
                )
    return None


def _message_source(call: Call) -> tuple[str, str] | None:
    for at, block in blocks_in(call.body):
        inside = block.get("content") if block.get("type") == "tool_result" else None
        for each in (block, *(inside if isinstance(inside, list) else ())):
            if isinstance(each.get("source"), dict) and each["source"].get("type") == "url":
                place = f"{at}.{each.get('type')}.source"
                return place, "URL content sources are not yet supported for this model"
    return None


def _gemini_file(call: Call) -> tuple[str, str] | None:
    for at, part in parts_in(in_camels(call.body)):
        held = part.get("fileData") or {}
        uri = str(held.get("fileUri") or "")
        if not held or uri.startswith(_GOOGLES_OWN):
            continue
        if not uri.startswith("https://"):
            return f"{at}.file_data.file_uri", f"Unsupported file URI type: {uri.partition(':')[0]}"
        if held.get("mimeType") not in _GEMINI_FETCHES:
            return f"{at}.file_data.mime_type", f"Unsupported MIME type: {held.get('mimeType')}"
    return None


RULES = (
    Rule(
        "an image by its address in a chat completion at Amazon",
        _chat_image,
        ("https://github.com/aws-samples/sample-apj-sup-sa/pull/214",),
        ("chat",),
        _BEDROCK,
    ),
    Rule(
        "an image by its address at Ollama",
        _ollama_image,
        (
            "https://github.com/ollama/ollama/issues/6753",
            "https://docs.ollama.com/api/openai-compatibility",
        ),
        ("chat",),
        ("ollama",),
    ),
    Rule(
        "a file by its address in a chat completion",
        _chat_file,
        ("https://developers.openai.com/api/docs/guides/file-inputs",),
        ("chat",),
        ("openai", "azure"),
    ),
    Rule(
        "an image or a file by its address in a response at Amazon",
        _response_file,
        ("https://github.com/posit-dev/chatlas/issues/410",),
        ("responses",),
        _BEDROCK,
    ),
    Rule(
        "an image or a document by its address in a message at Amazon",
        _message_source,
        (
            "https://github.com/posit-dev/chatlas/issues/410",
            "https://platform.claude.com/docs/en/build-with-claude/vision",
        ),
        ("messages",),
        ("bedrock-converse",),
    ),
    Rule(
        "a file by an address that Gemini does not fetch",
        _gemini_file,
        (
            "https://ai.google.dev/gemini-api/docs/file-input-methods",
            "https://github.com/vercel/ai/pull/16757",
        ),
        ("gemini",),
    ),
)
