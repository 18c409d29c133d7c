"""What a provider has no field for, said to the model in words. Standard library only."""

import json

from aggregator.proxy.model import JsonObject

ONE_CALL = "Call at most one tool at a time, and wait for its result before you call another."
JSON_ANSWER = "Answer with one JSON object and nothing else: no words around it, no code fence."


def json_answer_in(schema: JsonObject) -> str:
    """The same, with the schema that the object is to fit."""
    return f"{JSON_ANSWER} It fits this JSON schema: {json.dumps(schema, ensure_ascii=False)}"
