"""The items of a response's output, and the events of each while it grows. Events are numbered by the writer.

Source: OpenAI API reference, "Streaming events". An event holds a copy of its item, which goes on changing.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, ClassVar

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.citations import Citation
from aggregator.proxy.dialects.events import ARGUMENTS, CALL, REFUSAL, SEAL, TEXT, THOUGHT, Event, text_in
from aggregator.proxy.dialects.reasoning import packed


class Item:
    """One item that is being written. `takes_more` is False once what comes next belongs to another."""

    prefix: ClassVar[str]
    takes_more = True

    def __init__(self, item: JsonObject, place: int) -> None:
        self.item = item
        self._place = place

    def begin(self) -> Iterator[JsonObject]:
        """Events of its beginning."""
        yield {
            "type": "response.output_item.added",
            "output_index": self._place,
            "item": deepcopy(self.item),
        }

    def end(self, status: str) -> Iterator[JsonObject]:
        """Events of its end."""
        yield from self._finish()
        self.item["status"] = status
        yield {"type": "response.output_item.done", "output_index": self._place, "item": deepcopy(self.item)}

    def _finish(self) -> Iterator[JsonObject]:
        yield from ()

    def _event(self, kind: str, **fields: Any) -> JsonObject:
        return {
            "type": f"response.{kind}",
            "item_id": self.item["id"],
            "output_index": self._place,
            **fields,
        }


class CallItem(Item):
    """A call of a function."""

    prefix = "fc"

    def __init__(self, item_id: str, place: int, step: Event) -> None:
        super().__init__(
            {
                "id": item_id,
                "type": "function_call",
                "status": "in_progress",
                "call_id": step.id,
                "name": step.name,
                "arguments": "",
            },
            place,
        )

    def add(self, step: Event) -> Iterator[JsonObject]:
        """Events of one step of it."""
        if step.kind in (CALL, ARGUMENTS) and step.text:
            self.item["arguments"] += step.text
            yield self._event("function_call_arguments.delta", delta=step.text)

    def _finish(self) -> Iterator[JsonObject]:
        yield self._event(
            "function_call_arguments.done", name=self.item["name"], arguments=self.item["arguments"]
        )


class ReasoningItem(Item):
    """What the model thought, as its summary; `encrypted_content` is what its provider wants back."""

    prefix = "rs"

    def __init__(self, item_id: str, place: int, _step: Event) -> None:
        super().__init__({"id": item_id, "type": "reasoning", "status": "in_progress", "summary": []}, place)
        self._details: list[JsonObject] = []

    def add(self, step: Event) -> Iterator[JsonObject]:
        """Events of one step of it."""
        if step.kind == THOUGHT:
            if not self.item["summary"]:
                self.item["summary"].append({"type": "summary_text", "text": ""})
                yield self._summary("part.added", part={"type": "summary_text", "text": ""})
            self.item["summary"][0]["text"] += step.text
            yield self._summary("text.delta", delta=step.text)
        elif step.kind == SEAL:
            self.takes_more = False
            said = "".join(part["text"] for part in self.item["summary"])
            whole = {**step.detail, "text": said} if "signature" in step.detail and said else step.detail
            self.item["encrypted_content"] = packed([whole])

    def _finish(self) -> Iterator[JsonObject]:
        for part in self.item["summary"]:
            yield self._summary("text.done", text=part["text"])
            yield self._summary("part.done", part=dict(part))

    def _summary(self, kind: str, **fields: Any) -> JsonObject:
        return self._event(f"reasoning_summary_{kind}", summary_index=0, **fields)


class MessageItem(Item):
    """What the model said: text, or a refusal, each a part."""

    prefix = "msg"

    def __init__(self, item_id: str, place: int, _step: Event) -> None:
        super().__init__(
            {"id": item_id, "type": "message", "status": "in_progress", "role": "assistant", "content": []},
            place,
        )

    def add(self, step: Event) -> Iterator[JsonObject]:
        """Events of one step of it."""
        if step.kind not in (TEXT, REFUSAL):
            return
        part = self._part
        if part is None or part["type"] != _PART_OF[step.kind]:
            yield from self._finish()
            self.item["content"].append(_new_part(step.kind))
            yield self._at("content_part.added", part=_new_part(step.kind))
        if step.kind == REFUSAL:
            self.item["content"][-1]["refusal"] += step.text
            yield self._at("refusal.delta", delta=step.text)
        else:
            self.item["content"][-1]["text"] += step.text
            self.item["content"][-1]["logprobs"] += step.logprobs
            yield self._at("output_text.delta", delta=step.text, logprobs=step.logprobs)

    @property
    def words(self) -> str:
        """The words of the part that is being said."""
        return text_in(self._part, "text")

    def cite(self, citation: Citation) -> Iterator[JsonObject]:
        """Events of a source of that part."""
        from aggregator.proxy.dialects.responses.citations import for_client  # noqa: PLC0415 (few answers have any)

        annotations: list[JsonObject] = self.item["content"][-1]["annotations"]
        annotations.append(for_client(citation, len(self.words)))
        place = len(annotations) - 1
        yield self._at(
            "output_text.annotation.added", annotation_index=place, annotation=dict(annotations[-1])
        )

    @property
    def _part(self) -> JsonObject | None:
        return self.item["content"][-1] if self.item["content"] else None

    def _finish(self) -> Iterator[JsonObject]:
        part = self._part
        if part is None:
            return
        if part["type"] == "refusal":
            yield self._at("refusal.done", refusal=part["refusal"])
        else:
            yield self._at("output_text.done", text=part["text"], logprobs=list(part["logprobs"]))
        yield self._at("content_part.done", part=deepcopy(part))

    def _at(self, kind: str, **fields: Any) -> JsonObject:
        return self._event(kind, content_index=len(self.item["content"]) - 1, **fields)


_PART_OF = {TEXT: "output_text", REFUSAL: "refusal"}


def _new_part(kind: str) -> JsonObject:
    if kind == REFUSAL:
        return {"type": "refusal", "refusal": ""}
    return {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
