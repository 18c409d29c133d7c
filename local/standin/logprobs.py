"""Log probabilities, made up: each token is near certain, its alternatives are less and less so."""

from typing import Any

JsonObject = dict[str, Any]


def logprobs_of(pieces: list[str], top: int) -> JsonObject:
    """The `logprobs` object of a choice or a chunk, with `top` alternatives a token."""
    return {"content": [_of_token(piece, top) for piece in pieces], "refusal": None}


def _of_token(piece: str, top: int) -> JsonObject:
    likely = _entry(piece, -0.1)
    alternatives = [likely, *(_entry(f"{piece}{place}", -2.5 - place) for place in range(1, top))]
    return {**likely, "top_logprobs": alternatives[:top]}


def _entry(piece: str, logprob: float) -> JsonObject:
    return {"token": piece, "logprob": logprob, "bytes": list(piece.encode(errors="replace"))}
