"""Files that are fetched for a request: what these let through calls whom only the platform can reach."""

from tests.mutants.mutant import Mutant

ADDRESS = ("tests/unit/proxy/files/test_web_address.py",)
REACH = ("tests/unit/proxy/files/test_reach.py",)
BRINGING = ("tests/unit/proxy/files/test_bringing.py",)
FETCHING = ("tests/integration/proxy/test_fetching.py",)
CONNECTING = ("tests/integration/test_connecting.py",)

MUTANTS = (
    Mutant(
        "a file is fetched from this machine",
        "proxy/files/fetching.py",
        "may = partial(may_be_called, this_machine=this_machine)",
        "may = partial(may_be_called, this_machine=True)",
        FETCHING,
    ),
    Mutant(
        "a redirect of a file leads to any address",
        "proxy/files/fetching.py",
        "return connect(address.origin, min(left, CONNECT_SECONDS), may)",
        "return connect(address.origin, min(left, CONNECT_SECONDS))",
        FETCHING,
    ),
    Mutant(
        "a name that leads within as well is called there",
        "runtime/http_pool.py",
        "permitted = [each for each in addresses if may(each[4][0])]",
        "permitted = [*addresses] if any(may(each[4][0]) for each in addresses) else []",
        CONNECTING,
    ),
    Mutant(
        "a file is fetched from any port",
        "proxy/files/fetching.py",
        "if address.at_another_port and not this_machine:",
        "if address.at_another_port and this_machine is None:",
        FETCHING,
    ),
    Mutant(
        "a file is redirected from https to http",
        "proxy/files/web_address.py",
        "if self.origin.tls and not there.origin.tls:",
        "if self.origin.tls and there.origin.tls is None:",
        ADDRESS,
    ),
    Mutant(
        "an IPv4 address may be written in any way",
        "proxy/files/web_address.py",
        "if _NUMBER.fullmatch(labels[-1]):",
        "if _NUMBER.fullmatch(host):",
        ADDRESS,
    ),
    Mutant(
        "a file may be of any size",
        "proxy/files/fetching.py",
        "        if len(body) > most_bytes:",
        "        if len(body) > most_bytes + 65_536:",
        FETCHING,
    ),
    Mutant(
        "a packed file is taken as it is",
        "proxy/files/fetching.py",
        'if head.headers.get("content-encoding", "identity").lower() != "identity":',
        'if head.headers.get("content-encoding", "identity").lower() == "":',
        FETCHING,
    ),
    Mutant(
        "an address of another scheme goes to a provider",
        "proxy/files/reach.py",
        '("https://", "http://")',
        '("https://", "http://", "s3://")',
        REACH,
    ),
    Mutant(
        "what lies in the platform's account at Google goes there by its address",
        "proxy/files/reach.py",
        'and not address.is_at(fetches.get("notFrom", []))',
        "",
        REACH,
    ),
    Mutant(
        "fetched files may be of any size together",
        "proxy/files/bringing.py",
        "        if left < 0:",
        "        if left < -MAX_BODY_BYTES:",
        BRINGING,
    ),
    Mutant(
        "a file is fetched once for each route",
        "proxy/files/bringing.py",
        "if key not in self._contents}",
        "if key}",
        BRINGING,
    ),
    Mutant(
        "what was fetched is held as if it were all that the model reads",
        "proxy/bound.py",
        "    ask = ask.known_on(route)\n",
        "",
        BRINGING,
    ),
)
