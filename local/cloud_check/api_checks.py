"""What a client can see: the seven calls, a refusal for want of money, a stream, two events, the pages."""

from local.cloud_check.world import NotAsItShouldBeError, World, expect

CREDIT = "0.50"
_CHAT = {"messages": [{"role": "user", "content": "Count from 1 to 50, a number a line."}], "max_tokens": 200}


def health(world: World) -> str:
    """GET /health says that all it depends on is there."""
    said = expect(world.admin.call("GET", "/health"), 200).json
    if said.get("status") != "ok":
        raise NotAsItShouldBeError(f"status {said.get('status')}: {said}")
    return f"{said['status']}, version {said.get('version', '?')}"


def new_key(world: World) -> str:
    """POST /auth/api-keys makes a key of a new user."""
    said = expect(
        world.admin.call("POST", "/auth/api-keys", {"userId": world.user_id, "name": "cloud-check"}), 201
    ).json
    world.key, world.key_id = said["key"], said["id"]
    return f"{world.key_id} of {world.user_id}"


def models(world: World) -> str:
    """GET /orchestrator/models lists the model that is asked."""
    listed = expect(world.user.call("GET", "/orchestrator/models"), 200).body.decode()
    if f'"{world.model}"' not in listed:
        raise NotAsItShouldBeError(f"{world.model} is not among the models")
    return world.model


def without_money(world: World) -> str:
    """A chat without money is a 402, and asks nobody."""
    said = expect(
        world.user.call("POST", "/proxy/openai/chat/completions", _CHAT | {"model": world.model}), 402
    ).json
    return str(said["error"]["code"])


def credit(world: World) -> str:
    """POST /billing/transaction books a credit."""
    order = {
        "userId": world.user_id,
        "type": "credit",
        "amount": CREDIT,
        "currency": "USD",
        "description": "cloud-check",
    }
    return f"{expect(world.admin.call('POST', '/billing/transaction', order), 201).json['amount']} USD"


def balance(world: World) -> str:
    """GET /billing/balance/{userId} shows it."""
    said = expect(world.user.call("GET", f"/billing/balance/{world.user_id}"), 200).json
    if float(said["available"]) != float(CREDIT):
        raise NotAsItShouldBeError(f"{said['available']} and not {CREDIT}")
    return f"{said['available']} USD"


def chat(world: World) -> str:
    """POST /proxy/openai/chat/completions answers 201 and says what it cost."""
    reply = expect(
        world.user.call("POST", "/proxy/openai/chat/completions", _CHAT | {"model": world.model}), 201
    )
    world.answered[reply.headers["x-request-id"]] = reply.headers["x-aggregator-cost-usd"]
    return f"{reply.headers['x-aggregator-cost-usd']} USD, by {reply.headers['x-aggregator-provider']}"


def stream(world: World) -> str:
    """A stream arrives as it is made: its pieces come apart, and its last is the end mark."""
    asked = _CHAT | {"model": world.model, "stream": True, "stream_options": {"include_usage": True}}
    reply = expect(world.user.call("POST", "/v1/chat/completions", asked), 200)
    if not reply.body.rstrip().endswith(b"data: [DONE]"):
        raise NotAsItShouldBeError(f"it ends with {reply.body[-100:]!r}")
    if len(reply.pieces) < 3 or reply.pieces[-1] - reply.pieces[0] <= 0:
        raise NotAsItShouldBeError(
            f"it came in {len(reply.pieces)} piece(s): something on the way collects it"
        )
    world.answered[reply.headers["x-request-id"]] = ""
    first, last = reply.pieces[0], reply.pieces[-1]
    return f"{len(reply.pieces)} pieces, the first after {first:.2f} s, the last after {last:.2f} s"


def settled(world: World) -> str:
    """`ai_usage`: each request is charged, what its answer said it cost."""
    charged = []
    for request_id, cost in world.answered.items():
        path = f"/billing/receipts/{request_id}?userId={world.user_id}"

        def receipt(path: str = path) -> str | None:
            reply = world.user.call("GET", path)
            return str(reply.json["request"]["charged"]) if reply.status == 200 else None

        told = world.until(receipt, f"the receipt of {request_id}")
        if cost and float(told) != float(cost):
            raise NotAsItShouldBeError(f"{request_id} was told {cost} and charged {told}")
        charged.append(told)
    return f"{len(charged)} requests, {', '.join(charged)} USD"


def recorded(world: World) -> str:
    """`transaction_created`: the metrics know of them."""
    wanted = len(world.answered)

    def counted() -> str | None:
        said = world.user.call("GET", "/analytics/metrics").json
        found = int(said.get("totals", {}).get("requests", 0))
        return str(found) if found >= wanted else None

    return f"{world.until(counted, f'metrics of {wanted} requests')} requests"


def pages(world: World) -> str:
    """The pages for people come compressed through API Gateway."""
    reply = expect(world.admin.call("GET", "/console/"), 200)
    if reply.headers.get("content-encoding") != "gzip" or reply.body[:2] != b"\x1f\x8b":
        raise NotAsItShouldBeError(f"content-encoding {reply.headers.get('content-encoding')}")
    return f"{len(reply.body)} bytes"


def key_ended(world: World) -> str:
    """The key of the check ends, and what is left of its credit goes."""
    left = world.user.call("GET", f"/billing/balance/{world.user_id}").json.get("available", "0")
    if float(left) > 0:
        order = {
            "userId": world.user_id,
            "type": "debit",
            "amount": left,
            "currency": "USD",
            "description": "cloud-check is over",
        }
        expect(world.admin.call("POST", "/billing/transaction", order), 201)
    expect(world.admin.call("DELETE", f"/auth/api-keys/{world.key_id}"), 200)
    return f"{left} USD taken back"
