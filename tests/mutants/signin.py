"""Sign-in: whose token counts, how often, and who somebody is."""

from tests.mutants.mutant import Mutant

TOKEN = ("tests/unit/signin/test_id_token.py",)
ISSUER = ("tests/unit/signin/test_issuer.py",)
BINDING = ("tests/unit/identity/test_binding.py",)
SESSIONS = ("tests/unit/auth/test_sessions.py",)
CALLS = ("tests/integration/own_calls/test_sign_in.py",)
USERS = ("tests/unit/identity/test_users.py",)

MUTANTS = (
    Mutant(
        "a token may name any algorithm",
        "signin/id_token.py",
        '    if header.get("alg") not in ALGORITHMS:',
        "    if False:",
        TOKEN,
    ),
    Mutant(
        "a key of an HMAC signs people in",
        "signin/issuer.py",
        "        if key.algorithm_name in ALGORITHMS:",
        "        if True:",
        TOKEN,
    ),
    Mutant(
        "a key that is for something else signs people in",
        "signin/issuer.py",
        'or each.get("use", "sig") != "sig"',
        "or False",
        TOKEN,
    ),
    Mutant(
        "a short key signs people in",
        "signin/id_token.py",
        '"enforce_minimum_key_length": True',
        '"enforce_minimum_key_length": False',
        TOKEN,
    ),
    Mutant(
        "a token that another client asked for is taken",
        "signin/id_token.py",
        "    if party != client_id and (several or party is not None):",
        "    if False:",
        TOKEN,
    ),
    Mutant(
        "a token of several audiences need not say who asked",
        "signin/id_token.py",
        "(several or party is not None)",
        "party is not None",
        TOKEN,
    ),
    Mutant(
        "a token's nonce may be any",
        "signin/id_token.py",
        "    if not hmac.compare_digest(made.encode(), nonce.encode()):",
        "    if False:",
        TOKEN,
    ),
    Mutant(
        "an address that nobody vouches for finds a user",
        "signin/id_token.py",
        '    return email.strip().lower() if vouched in (True, 1, "true", "True", "1") else None',
        "    return email.strip().lower()",
        TOKEN,
    ),
    Mutant(
        "a letter that becomes another in small letters finds a user",
        "signin/id_token.py",
        "or not email.isascii()",
        "or False",
        TOKEN,
    ),
    Mutant(
        "an issuer is believed that says it is another",
        "signin/discovery.py",
        '        if said.get("issuer") != self._settings.issuer:',
        "        if False:",
        ISSUER,
    ),
    Mutant(
        "the issuer's keys are fetched for each token that names one that is not known",
        "signin/kept.py",
        "        if self._known is not None and now - self._read_at < LEAST_SECONDS:\n            return self._known",
        "        if False:\n            return self._known",
        ISSUER,
    ),
    Mutant(
        "a nonce is taken as often as it comes",
        "signin/sessions.py",
        "    nonces.take(claims.issuer, nonce, claims.expires_at)",
        "    pass",
        CALLS,
    ),
    Mutant(
        "a session of an old role stays where the role changes meanwhile",
        "signin/sessions.py",
        "    if not people.is_as_read(user):",
        "    if False:",
        CALLS,
    ),
    Mutant(
        "an address moves the person who has it now",
        "identity/binding.py",
        "    if user is not None:\n        return _active(user)\n    if person.email",
        "    if person.email",
        BINDING,
    ),
    Mutant(
        "who gets an address later is the user of who had it",
        "identity/binding.py",
        "    if user.bound_to is not None:\n",
        "    if False:\n",
        BINDING,
    ),
    Mutant(
        "a suspended user signs in",
        "identity/binding.py",
        "    if user.is_suspended:",
        "    if False:",
        BINDING,
    ),
    Mutant(
        "sessions go on with an old role",
        "identity/users.py",
        '    elif "role" in fields:',
        "    elif False:",
        USERS,
    ),
    Mutant(
        "signing out ends a program's key",
        "auth/session.py",
        "    if not by.session:",
        "    if False:",
        SESSIONS,
    ),
    Mutant(
        "anybody ends the sessions of others",
        "auth/session.py",
        "    by.require_user(user_id)",
        "    pass",
        SESSIONS,
    ),
)
