"""Usage: what was used is counted, charged and told, whatever breaks."""

from tests.mutants.mutant import Mutant

COUNTING = ("tests/unit/proxy/test_counting.py",)
TAB = ("tests/unit/proxy/test_tab.py", "tests/unit/proxy/test_counting.py")
USAGE = ("tests/unit/proxy/dialects/test_usage.py",)
GOING_ON = ("tests/unit/proxy/answers/test_going_on.py",)

MUTANTS = (
    Mutant(
        "what a provider counted first ends the counting",
        "proxy/tab.py",
        "output = max(said.output_tokens, ours.output_tokens) if is_open else said.output_tokens",
        "output = said.output_tokens",
        TAB,
    ),
    Mutant(
        "our own count goes beyond the hold",
        "proxy/tab.py",
        "output_tokens=max(least, min(said, covered))",
        "output_tokens=max(least, said)",
        TAB,
    ),
    Mutant(
        "what failed before anything was said is charged",
        "proxy/tab.py",
        "usage = Usage() if first_token is None else _usage(ask, route, progress, hold)",
        "usage = _usage(ask, route, progress, hold)",
        TAB,
    ),
    Mutant(
        "a provider's cached tokens are not read",
        "proxy/dialects/usage.py",
        "cached_input_tokens=read,",
        "cached_input_tokens=0,",
        USAGE,
    ),
    Mutant(
        "usage that the bus does not take is lost",
        "proxy/emit.py",
        "if not (self._put(detail, put_by) or self._send(detail, self._share(receipt, QUEUE_SHARE))):",
        "if not self._put(detail, put_by):",
        ("tests/unit/proxy/test_emit.py",),
    ),
    Mutant(
        "a bus that refuses an entry has taken it",
        "proxy/emit.py",
        'return not said.get("FailedEntryCount", 0)',
        "return True",
        ("tests/unit/proxy/test_emit.py",),
    ),
    Mutant(
        "an early count ends the counting",
        "proxy/tab.py",
        "max(said.output_tokens, ours.output_tokens) if is_open",
        "said.output_tokens if is_open",
        COUNTING,
    ),
    Mutant(
        "what was said after a count is not counted",
        "proxy/tab.py",
        "progress.usage is None or progress.uncounted_bytes",
        "progress.usage is None",
        COUNTING,
    ),
    Mutant(
        "our own count goes over the cap that was sent",
        "proxy/tab.py",
        "min(_tokens(progress.output_bytes), progress.most_output_tokens)",
        "_tokens(progress.output_bytes)",
        COUNTING,
    ),
    Mutant(
        "a header tells the cost and not the charge",
        "proxy/answer.py",
        '"x-aggregator-cost-usd": to_usd(receipt.charged_nano_usd)',
        '"x-aggregator-cost-usd": to_usd(receipt.cost_nano_usd)',
        COUNTING,
    ),
    Mutant(
        "a success that cannot be read is asked for again",
        "proxy/call.py",
        "if isinstance(refused, ProviderUnreadable):",
        "if isinstance(refused, ProviderUnreadable) and nth_try:",
        ("tests/unit/proxy/test_call.py",),
    ),
    Mutant(
        "an answer that was paid for is lost where it cannot be kept",
        "proxy/answers/kept_responses.py",
        "    except Exception as failed:\n        code",
        "    except AwsError as failed:\n        code",
        GOING_ON,
    ),
)
