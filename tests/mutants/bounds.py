"""Bounds: what a request may cost at the most, and what of it a tight account holds."""

from tests.mutants.mutant import Mutant

COUNTED = ("tests/unit/proxy/test_counted_input.py",)
TIGHT = ("tests/unit/proxy/test_tight.py",)
BOUND = ("tests/unit/proxy/test_bound.py", "tests/unit/proxy/test_bound_of_attachments.py")
KEPT = ("tests/unit/proxy/answers/test_kept_responses.py",)

MUTANTS = (
    Mutant(
        "a budget is held over on a tight account",
        "proxy/tight.py",
        "self._at_most = min(at_most, self.taken.at_most_nano_usd)",
        "self._at_most = at_most",
        TIGHT,
    ),
    Mutant(
        "a route that the hold does not cover is taken",
        "proxy/tight.py",
        "if self._cost(route, self._least_output(route)) <= amount",
        "if amount >= 0",
        TIGHT,
    ),
    Mutant(
        "an estimate of a prompt's tokens is held for without a margin",
        "proxy/dialects/counters.py",
        "return count + -(-count // MARGIN_PART) + MARGIN_TOKENS + sum(map(_length, _sealed(prompt)))",
        "return count",
        COUNTED,
    ),
    Mutant(
        "another prompt's count is taken for a turn of the same role that is new",
        "proxy/counted_input.py",
        "return counted + new if self._goes_on(n) and new * NEW_PART <= counted else None",
        "return counted + new if new * NEW_PART <= counted else None",
        COUNTED,
    ),
    Mutant(
        "what is new in a prompt is not held for",
        "proxy/counted_input.py",
        "new += self._sizes[n] + _MARK_TOKENS",
        "new += 0",
        COUNTED,
    ),
    Mutant(
        "what is only pointed at is counted",
        "proxy/counted_input.py",
        "if attached and any(points_elsewhere(prompt)):",
        "if False:",
        COUNTED,
    ),
    Mutant(
        "whoever wants no cap is capped",
        "proxy/tight.py",
        "thinking_tokens(self.ask) + tokens) if self.may_cap else most",
        "thinking_tokens(self.ask) + tokens)",
        TIGHT,
    ),
    Mutant(
        "a share cuts into a whole reply",
        "proxy/tight.py",
        "self._with_reply(route, WHOLE_REPLY_TOKENS)",
        "self._with_reply(route, REPLY_TOKENS)",
        TIGHT,
    ),
    Mutant(
        "what the model thinks with is cut",
        "proxy/tight.py",
        "return min(most, thinking_tokens(self.ask) + tokens)",
        "return min(most, tokens)",
        TIGHT,
    ),
    Mutant(
        "an answer that was capped for want of money is kept in the cache",
        "proxy/answers/response_cache.py",
        " or CAPPED in headers",
        "",
        ("tests/unit/proxy/answers/test_response_cache.py",),
    ),
    Mutant(
        "the bound of a file is the smallest reading of it",
        "proxy/bound.py",
        "return max(min(max(readings), most) - counted, 0)",
        "return max(min(min(readings), most) - counted, 0)",
        BOUND,
    ),
    Mutant(
        "a file that is only pointed at is bounded by nothing",
        "proxy/bound.py",
        """    if file.size_bytes is None:
        return most
""",
        """    if file.size_bytes is None:
        return 0
""",
        BOUND,
    ),
    Mutant(
        "the bound knows nothing of files",
        "proxy/bound.py",
        "attached += sum(file_tokens(file, route) for file in ask.files)",
        "attached += 0",
        BOUND,
    ),
    Mutant(
        "of several routes the cheapest bounds the request",
        "proxy/bound.py",
        "at_most = max(at_most, _cost(",
        "at_most = min(at_most or 2**63, _cost(",
        BOUND,
    ),
    Mutant(
        "of several choices one is bounded",
        "proxy/bound.py",
        "_cost(dearest, output * ask.choices)",
        "_cost(dearest, output)",
        BOUND,
    ),
    Mutant(
        "each choice may use what is there for all",
        "proxy/bound.py",
        "fits // ask.choices)",
        "fits)",
        BOUND,
    ),
    Mutant(
        "a response is read without the size of what it goes on from",
        "proxy/dialects/responses/earlier.py",
        'if len(json.dumps(whole, ensure_ascii=False).encode(errors="surrogatepass")) > MAX_BODY_BYTES:',
        "if False:",
        KEPT,
    ),
)
