"""Routes, circuits, tries, and connections to providers: who is asked, and how often."""

from tests.mutants.mutant import Mutant

ROUTE = ("tests/unit/proxy/test_route.py",)
BREAKER = ("tests/unit/proxy/test_breaker.py",)
RANKING = ("tests/unit/proxy/test_ranking.py",)
CALL = ("tests/unit/proxy/test_call.py",)
SWITCHBOARD = ("tests/unit/proxy/test_switchboard.py",)
LATENCY = ("tests/unit/proxy/test_latency.py",)
UPSTREAM = (
    "tests/integration/proxy/test_upstream_sockets.py",
    "tests/integration/proxy/test_upstream_addresses.py",
)
POOL = ("tests/integration/test_signed_client_connections.py",)

MUTANTS = (
    Mutant(
        "a key of any scope calls models",
        "proxy/admission.py",
        "    caller.require_scope(INFERENCE)\n",
        "",
        ROUTE,
    ),
    Mutant(
        "a key calls from any address",
        "proxy/admission.py",
        "    caller.require_address(source_ip)\n",
        "",
        ROUTE,
    ),
    Mutant(
        "a key that has expired calls on",
        "proxy/admission.py",
        "    caller.require_live(now)\n",
        "",
        ROUTE,
    ),
    Mutant(
        "a key calls models that it is not allowed",
        "proxy/admission.py",
        "    return permitted(caller, catalogue, model)\n",
        "    return catalogue.find(caller.meant_by(model))\n",
        ROUTE,
    ),
    Mutant(
        "a provider without a key is asked",
        "proxy/route.py",
        "if route.provider.keyless or keys.of(route.provider.secret)]",
        "if route]",
        ROUTE,
    ),
    Mutant(
        "images go to a model that does not see",
        "proxy/route.py",
        'if shown and not route.can("vision"):',
        "if False:",
        ROUTE,
    ),
    Mutant(
        "failures older than the window count on",
        "proxy/breaker.py",
        "while now - tries[0][0] > WINDOW_SECONDS:",
        "while False:",
        BREAKER,
    ),
    Mutant(
        "a route that mostly works is left alone",
        "proxy/breaker.py",
        "if opened is None and (failures < FAILURES or 2 * failures < len(tries)):",
        "if opened is None and failures < FAILURES:",
        BREAKER,
    ),
    Mutant(
        "a circuit takes one failure more to open",
        "proxy/breaker.py",
        "if opened is None and (failures < FAILURES or",
        "if opened is None and (failures <= FAILURES or",
        BREAKER,
    ),
    Mutant(
        "who lost the claim lets requests through all the same",
        "proxy/breaker.py",
        "        return ours\n",
        "        return True\n",
        BREAKER,
    ),
    Mutant(
        "of open circuits the one that opened last is tried",
        "proxy/breaker.py",
        "kept = [min(skipped, key=",
        "kept = [max(skipped, key=",
        BREAKER,
    ),
    Mutant(
        "a success leaves its circuit open",
        "proxy/breaker.py",
        "if self._opened.pop(route.name, None) is not None:",
        "if self._opened.get(route.name) is not None:",
        BREAKER,
    ),
    Mutant(
        "circuits that others opened are never learned of",
        "proxy/breaker.py",
        "self._opened = self._shared.opened()",
        "self._shared.opened()",
        BREAKER,
    ),
    Mutant(
        "weights are turned upside down",
        "proxy/ranking.py",
        "-math.log(_chance(seed, route)) / route.via.weight",
        "-math.log(_chance(seed, route)) * route.via.weight",
        RANKING,
    ),
    Mutant(
        "weights go before the order",
        "proxy/ranking.py",
        "(route.via.order, -math.log(_chance(seed, route)) / route.via.weight)",
        "(-math.log(_chance(seed, route)) / route.via.weight, route.via.order)",
        RANKING,
    ),
    Mutant(
        "the cheapest route is the dearest",
        "proxy/ranking.py",
        "return sorted(routes, key=cost)",
        "return sorted(routes, key=cost, reverse=True)",
        RANKING,
    ),
    Mutant(
        "nobody learns how fast the slow routes are by now",
        "proxy/ranking.py",
        "if number % ONE_IN_LEARNS:",
        "if True:",
        RANKING,
    ),
    Mutant(
        "a failure counts as an answer that took no time",
        "proxy/switchboard.py",
        "self.latencies.note(route, ask, FAILED_MS)",
        "self.latencies.note(route, ask, 0)",
        SWITCHBOARD,
    ),
    Mutant(
        "routes whose circuit is open are tried with the others",
        "proxy/switchboard.py",
        "kept, skipped = self.breaker.sift(order)",
        "kept, skipped = list(order), self.breaker.sift(order)[1]",
        SWITCHBOARD,
    ),
    Mutant(
        "the newest latency counts alone",
        "proxy/latency.py",
        "milliseconds if before is None else before + _SHARE_OF_THE_NEW * (milliseconds - before)",
        "milliseconds",
        LATENCY,
    ),
    Mutant(
        "what the client did wrong is tried on every route",
        "proxy/call.py",
        "if not isinstance(refused, _NEXT_ROUTE_MAY_DO):",
        "if False:",
        CALL,
    ),
    Mutant(
        "a provider that asks for a long wait is asked again at once",
        "proxy/call.py",
        "refused.retry_after_seconds > LONGEST_WAIT_SECONDS",
        "False",
        CALL,
    ),
    Mutant(
        "the second try takes the same of two keys",
        "proxy/call.py",
        "key=route_keys[nth_try % len(route_keys)]",
        "key=route_keys[0]",
        CALL,
    ),
    Mutant(
        "a route that its circuit gave up is tried again",
        "proxy/call.py",
        "if isinstance(refused, _ROUTE_FAILED) and watch.failed(way.route, ask):",
        "if isinstance(refused, _ROUTE_FAILED) and watch.failed(way.route, ask) and False:",
        SWITCHBOARD,
    ),
    Mutant(
        "a provider's connection with surplus bytes is kept",
        "proxy/upstream.py",
        "if self._head.lasts and not left_over:",
        "if self._head.lasts:",
        UPSTREAM,
    ),
    Mutant(
        "a provider's connection is kept though it said that it closes",
        "proxy/upstream.py",
        "if self._head.lasts and not left_over:",
        "if not left_over:",
        UPSTREAM,
    ),
    Mutant(
        "a provider's name may lead into the platform's own network",
        "proxy/upstream.py",
        "return is_public(address) or (self._this_machine and is_loopback(address))",
        "return True",
        UPSTREAM,
    ),
    Mutant(
        "a connection to AWS with surplus bytes is kept",
        "runtime/http_wire.py",
        "return Answer(status, headers, body), lasts and not left_over",
        "return Answer(status, headers, body), lasts",
        (
            "tests/integration/test_signed_client_connections.py",
            "tests/integration/test_signed_client_answers.py",
        ),
    ),
    Mutant(
        "a connection to AWS that idled too long is used",
        "runtime/http_pool.py",
        "0 <= self._clock() - since < self._idle_seconds and connection.is_open()",
        "connection.is_open()",
        POOL,
    ),
    Mutant(
        "a write to AWS that may have arrived is sent again",
        "runtime/signed_client.py",
        "return action in self._repeatable_actions",
        "return True",
        ("tests/integration/test_signed_client_retries.py",),
    ),
)
