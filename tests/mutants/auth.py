"""Keys: who is let in, for how long, and what one key may give to another."""

from tests.mutants.mutant import Mutant

AUTHORISE = ("tests/unit/auth/test_authorise.py", "tests/unit/auth/test_key_life.py")
LIFE = ("tests/unit/auth/test_key_life.py",)
DELEGATION = ("tests/unit/auth/test_delegation.py",)
MANAGING = ("tests/unit/auth/test_making_and_ending_keys.py", "tests/unit/auth/test_changes_of_keys.py")
TOKEN = ("tests/unit/auth/test_token.py",)
FORMAT = ("tests/unit/auth/test_key_format.py",)
POLICY = ("tests/unit/auth/test_policy.py",)
PEPPER = ("tests/unit/auth/test_rotating_secret.py",)
ROUTE = ("tests/unit/proxy/routing/test_route.py",)
KEPT = ("tests/unit/proxy/answers/test_kept_responses.py",)
KEPT_STORE = ("tests/integration/proxy/test_kept_store_moto.py",)
READING = ("tests/integration/own_calls/test_kept_responses.py",)

TEAMS = ("tests/unit/auth/test_keys_of_teams.py",)
FOLLOW = ("tests/unit/auth/test_keys_that_follow.py",)

MUTANTS = (
    Mutant(
        "a suspended user is served",
        "auth/caller.py",
        'if "suspended" in said:',
        "if False:",
        FOLLOW,
    ),
    Mutant(
        "who left a team goes on spending its money",
        "auth/authorise.py",
        "    if standing is None:\n        raise",
        "    if standing is None:\n        return caller\n        raise",
        TEAMS,
    ),
    Mutant(
        "a key that charges a team makes keys that charge another wallet",
        "auth/delegation.py",
        "    if own is not None:",
        "    if False:",
        TEAMS,
    ),
    Mutant(
        "a key with limits makes a key in a team, where they do not hold",
        "auth/delegation.py",
        "    if _is_limited(by):\n        raise",
        "    if False:\n        raise",
        TEAMS,
    ),
    Mutant(
        "a key gets a new secret of one that charges another wallet",
        "auth/delegation.py",
        "    if not (by.is_admin or by.session) and key.team_id != (None if by.team is None else by.team.team_id):",
        "    if False:",
        TEAMS,
    ),
    Mutant(
        "keys are looked for before nobody can make one",
        "auth/follow.py",
        "    states.say(user_id, version, suspended=suspended)\n    written",
        "    written",
        FOLLOW,
    ),
    Mutant(
        "a revoked key is let in",
        "auth/model.py",
        """        if self.revoked_at is not None:
            raise InvalidApiKey""",
        """        if False:
            raise InvalidApiKey""",
        AUTHORISE,
    ),
    Mutant(
        "an expired key is let in",
        "auth/model.py",
        """        if self.status(now) == "expired":
            raise InvalidApiKey""",
        """        if False:
            raise InvalidApiKey""",
        AUTHORISE,
    ),
    Mutant(
        "a secret that was rotated out is let in",
        "auth/model.py",
        "if secret is None or not secret.is_live(now):",
        "if secret is None:",
        AUTHORISE,
    ),
    Mutant(
        "a rotation leaves the old secret for good",
        "auth/model.py",
        "kept = tuple(secret._replace(expires_at=now + overlap) for secret in live) if overlap else ()",
        "kept = live if overlap else ()",
        LIFE,
    ),
    Mutant(
        "a rotation without overlap leaves the old secret",
        "auth/model.py",
        "kept = tuple(secret._replace(expires_at=now + overlap) for secret in live) if overlap else ()",
        "kept = tuple(secret._replace(expires_at=now + MAX_OVERLAP) for secret in live)",
        LIFE,
    ),
    Mutant(
        "a revoked key is changed back to life",
        "auth/model.py",
        """        if self.revoked_at is not None:
            raise Conflict""",
        """        if False:
            raise Conflict""",
        LIFE,
    ),
    Mutant(
        "a proof is remembered for longer than it holds",
        "auth/authorise.py",
        "min([now + timedelta(seconds=MEMORY_SECONDS), *ends])",
        "now + timedelta(seconds=MEMORY_SECONDS)",
        AUTHORISE,
    ),
    Mutant(
        "a proof is remembered for a minute",
        "auth/authorise.py",
        "MEMORY_SECONDS = 10",
        "MEMORY_SECONDS = 60",
        AUTHORISE,
    ),
    Mutant(
        "a clock that went back revives old proofs",
        "auth/authorise.py",
        "timedelta(0) < remaining <= timedelta(seconds=MEMORY_SECONDS)",
        "timedelta(0) < remaining",
        AUTHORISE,
    ),
    Mutant(
        "any token that is no key is the admin's",
        "auth/authorise.py",
        "if hmac.compare_digest(version.encode(), token.encode()):",
        "if version:",
        AUTHORISE,
    ),
    Mutant(
        "a wrong secret is let in under a right id",
        "auth/model.py",
        "(secret for secret in self.secrets if hmac.compare_digest(secret.hash, key_hash))",
        "(secret for secret in self.secrets if secret.hash)",
        AUTHORISE,
    ),
    Mutant(
        "a key of another environment is looked up",
        "auth/key.py",
        '        or found["environment"] != environment\n',
        "",
        FORMAT,
    ),
    Mutant(
        "a mistyped key is looked up",
        "auth/key.py",
        '        or _checksum(found["signed"]) != found["checksum"]\n',
        "",
        FORMAT,
    ),
    Mutant(
        "of a header that comes twice one is taken",
        "auth/token.py",
        "if len(distinct) > 1:",
        "if False:",
        TOKEN,
    ),
    Mutant(
        "x-api-key decides where Authorization is blank",
        "auth/token.py",
        "if not authorization:",
        'if not (authorization or "").strip():',
        TOKEN,
    ),
    Mutant(
        "any scheme of Authorization is a key",
        "auth/token.py",
        'if scheme.lower() != "bearer":',
        "if False:",
        TOKEN,
    ),
    Mutant(
        "the policy is for one method, and API Gateway caches it for all",
        "auth/policy.py",
        'return f"{api}/{stage}/*"',
        "return method_arn",
        POLICY,
    ),
    Mutant(
        "who is refused is allowed",
        "auth/policy.py",
        'return _policy("anonymous", "Deny", "*", {"message": refused.message})',
        'return _policy("anonymous", "Allow", "*", {"message": refused.message})',
        POLICY,
    ),
    Mutant(
        "a user asks for another user's data",
        "auth/caller.py",
        "if user_id != self.user_id and not self.is_admin:",
        "if False:",
        ("tests/unit/auth", "tests/unit/billing/test_billing_api.py"),
    ),
    Mutant(
        "a key does what its scopes do not say",
        "auth/caller.py",
        "if scope not in self.scopes and not self.is_admin:",
        "if False:",
        ROUTE,
    ),
    Mutant(
        "a key lives one moment longer than its time",
        "auth/caller.py",
        "if self.expires_at is not None and now >= self.expires_at:",
        "if self.expires_at is not None and now > self.expires_at:",
        ROUTE,
    ),
    Mutant(
        "a key gives scopes that it does not have",
        "auth/delegation.py",
        "beyond = [scope for scope in grant.scopes if scope not in by.scopes]",
        "beyond: list[str] = []",
        DELEGATION,
    ),
    Mutant(
        "a key gives a longer life than its own",
        "auth/delegation.py",
        "(grant.expires_at is None or grant.expires_at > ends)",
        "grant.expires_at is None",
        DELEGATION,
    ),
    Mutant(
        "a key gives models that it may not call",
        "auth/delegation.py",
        "if not _models_within(grant.allowed_models, by.allowed_models):",
        "if False:",
        DELEGATION,
    ),
    Mutant(
        "a key gives networks beyond its own",
        "auth/delegation.py",
        "if not _networks_within(grant.allowed_ips, by.allowed_ips):",
        "if False:",
        DELEGATION,
    ),
    Mutant(
        "a key gives itself another price",
        "auth/delegation.py",
        "if grant.price_percent != by.price_percent:",
        "if False:",
        (*DELEGATION, "tests/unit/auth/test_price_percent.py"),
    ),
    Mutant(
        "a key gives higher limits than its own",
        "auth/delegation.py",
        "if name not in inner or inner[name] > most",
        "if name not in inner",
        DELEGATION,
    ),
    Mutant(
        "a user sees another user's key",
        "auth/delegation.py",
        "if key.user_id != by.user_id and not by.is_admin:",
        "if False:",
        (*DELEGATION, *MANAGING),
    ),
    Mutant(
        "the previous pepper fits nothing",
        "auth/rotating_secret.py",
        """        if previous:
            yield previous
""",
        "",
        PEPPER,
    ),
    Mutant(
        "a key goes on from what a model said that it may not call",
        "proxy/answers/remembering.py",
        "self._allows(kept.answered_by)",
        "pass",
        KEPT,
    ),
    Mutant(
        "a key reads what a model said that it may not call",
        "proxy/read_response.py",
        "if caller.allowed_models is not None:",
        "if False:",
        READING,
    ),
    Mutant(
        "users find each other's responses",
        "proxy/answers/kept_store.py",
        'return item.item({"pk": f"USER#{user_id}", "sk": name})',
        'return item.item({"pk": "USER#", "sk": name})',
        KEPT_STORE,
    ),
    Mutant(
        "an expired response is found",
        "proxy/answers/kept_store.py",
        'return stored if stored["expires_at"] > now_epoch_seconds else None',
        "return stored",
        KEPT_STORE,
    ),
)
