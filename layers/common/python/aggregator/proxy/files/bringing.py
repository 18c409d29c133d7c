"""The files that a request names by their address, brought into it for providers that fetch none.

Each is fetched once for all routes: before money is held where the first route needs it, so that a file which cannot be
had is refused by its field, and in a fallback where only a later route does. From then on the request is one that came
with its files in it: read again by its own dialect, it is bounded, checked and sent like any other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from aggregator.errors import InvalidRequest, JsonObject, UnsupportedParameter
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.body import MAX_BODY_BYTES
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.native import json_bytes
from aggregator.proxy.files.contents import IMAGE, Content, NotTaken, content_of
from aggregator.proxy.files.fetching import Fetched, NotFetched
from aggregator.proxy.files.named import Named, Path, with_parts
from aggregator.proxy.files.reach import fetches_of, left_to_us, most_bytes
from aggregator.proxy.files.web_address import BadAddress, WebAddress
from aggregator.proxy.model import Ask, Route
from aggregator.runtime import log

MOST_FILES = 20
"""Different addresses in a request, of those that are fetched here."""

MOST_BYTES = 4_718_592
"""Of one file and of all together: in base64 as much as a body may have that carries its files itself."""

SECONDS = 20.0
"""How long all files of a request may take together."""

_AT_ONCE = 4

_ANY_IMAGE = Content("image/png", b"\x89PNG\r\n\x1a\n", "image.png")
_ANY_FILE = Content("application/pdf", b"%PDF-1.7\n", "document.pdf")

Fetch = Callable[[WebAddress, int, float], Fetched]
"""Gets what is at an address: at most so many bytes, before a moment of the monotonic clock. See `fetching.fetch`."""


def stood_in(ask: Ask, via: CatalogueRoute) -> Ask:
    """The request with any file for each that is still to be fetched here, so that all else of it can be checked.

    Raises:
        InvalidRequest: an address is none that a file is fetched from, or there are too many.
    """
    left = left_to_us(lanes.addresses_of(ask.surface).named_in(_said(ask)), fetches_of(ask, via))
    if not left:
        return ask
    _addresses(left)
    return _with(ask, {each: _ANY_IMAGE if each.kind == IMAGE else _ANY_FILE for each in left})


def with_files(
    ask: Ask, routes: Sequence[Route], fetch: Fetch, deadline: float, monotonic: Callable[[], float]
) -> tuple[Ask, Sequence[Route]]:
    """The request with its files, if its first route has to have them, and the routes that can carry it so.

    `deadline` is the request's, on the clock `monotonic`.

    Raises:
        InvalidRequest: a file cannot be had, or is too large, and no route's provider fetches it.
        UnsupportedParameter: no route takes such a file.
    """
    bringing = Bringing(ask, fetch, deadline, monotonic)
    ask = ask._replace(brought=bringing)
    if not bringing.left_on(routes[0].via):
        return ask, routes
    return ask, lanes.passing(routes, lambda route: bringing.check(route.via))


class Bringing:
    """Fetches the files of one request, each once, and makes the request that has them in it."""

    def __init__(self, ask: Ask, fetch: Fetch, deadline: float, monotonic: Callable[[], float]) -> None:
        self._ask = ask
        self._fetch = fetch
        self._deadline = deadline
        self._monotonic = monotonic
        self._named = tuple(lanes.addresses_of(ask.surface).named_in(_said(ask)))
        self._contents: dict[tuple[str, str], Content] = {}
        self._refused: InvalidRequest | None = None
        self._asks: dict[tuple[Named, ...], Ask] = {}

    def left_on(self, via: CatalogueRoute) -> tuple[Named, ...]:
        """The files that the provider of a route does not fetch."""
        return left_to_us(self._named, fetches_of(self._ask, via))

    def known_on(self, via: CatalogueRoute) -> Ask:
        """The request as it goes on a route, as far as that is known: nothing is fetched now."""
        return self._asks.get(self.left_on(via), self._ask)

    def on(self, via: CatalogueRoute) -> Ask:
        """The request as it goes on a route, with the files in it that have to be.

        Raises:
            UnsupportedParameter: a file cannot be had, or not sent there; another route may fetch it itself.
        """
        try:
            return self._with_files(via)
        except InvalidRequest as unfit:
            raise UnsupportedParameter(unfit.message, param=unfit.param) from unfit

    def check(self, via: CatalogueRoute) -> None:
        """Pass a route that carries the request, with its files in it where they have to be.

        Raises:
            InvalidRequest: a file cannot be had.
            UnsupportedParameter: the provider, or the model, does not take such a file.
        """
        if self.left_on(via):
            lanes.check(self._with_files(via), via)

    def _with_files(self, via: CatalogueRoute) -> Ask:
        left = self.left_on(via)
        if not left:
            return self._ask
        if left not in self._asks:
            self._bring(left)
            contents = {each: self._contents[each.url, each.kind] for each in left}
            _refuse_large(contents, len(json_bytes(_said(self._ask))))
            self._asks[left] = _with(self._ask, contents)
        fetches = fetches_of(self._ask, via)
        for each in left:
            most = most_bytes(each.kind, fetches)
            if most is not None and len(self._contents[each.url, each.kind].body) > most:
                raise UnsupportedParameter(
                    f"{each.field}: is larger than {most:,} bytes, the most that {via.provider.name} takes",
                    param=each.field,
                )
        return self._asks[left]

    def _bring(self, left: Sequence[Named]) -> None:
        """Fetch what was not fetched yet; what failed once is not tried again.

        Raises:
            InvalidRequest: a file cannot be had, or is none; `param` is its field.
        """
        if self._refused is not None:
            raise self._refused
        addresses = _addresses(left)
        missing = {(each.url, each.kind): each for each in reversed(left)}
        missing = {key: each for key, each in missing.items() if key not in self._contents}
        began = self._monotonic()
        deadline = min(self._deadline, began + SECONDS)

        def one(each: Named) -> Content:
            return _content(each, addresses[each.url], self._fetch, deadline)

        try:
            for each, content in zip(missing.values(), _all(one, list(missing.values())), strict=True):
                self._contents[each.url, each.kind] = content
        except InvalidRequest as refused:
            self._refused = refused
            raise
        brought = sum(len(self._contents[key].body) for key in missing)
        milliseconds = round((self._monotonic() - began) * 1000, 1)
        log.info("files_fetched", files=len(missing), bytes=brought, duration_ms=milliseconds)


def _all(one: Callable[[Named], Content], missing: Sequence[Named]) -> Iterable[Content]:
    """What is at each address, several at once; no more of it is kept than fits into a request."""
    if len(missing) < 2:
        return [one(each) for each in missing]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 (it brings `logging` along; most name one file)

    taken = 0

    def within(each: Named) -> Content:
        nonlocal taken
        if taken > MOST_BYTES:
            raise _together(each)
        content = one(each)
        taken += len(content.body)
        return content

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(within, missing))


def _content(named: Named, address: WebAddress, fetch: Fetch, deadline: float) -> Content:
    try:
        fetched = fetch(address, MOST_BYTES, deadline)
        return content_of(named.kind, fetched.body, fetched.media_type, address.name)
    except (NotFetched, NotTaken) as failed:
        why = f"could not be fetched: {failed}" if isinstance(failed, NotFetched) else str(failed)
        raise InvalidRequest(f"{named.field}: {why}", param=named.field) from None


def _addresses(left: Iterable[Named]) -> dict[str, WebAddress]:
    """Each address, taken apart.

    Raises:
        InvalidRequest: one is none that a file is fetched from, or there are too many.
    """
    found: dict[str, WebAddress] = {}
    for each in left:
        try:
            found[each.url] = WebAddress.of(each.url)
        except BadAddress as why:
            raise InvalidRequest(f"{each.field}: {why}", param=each.field) from None
        if len(found) > MOST_FILES:
            raise InvalidRequest(
                f"{each.field}: no more than {MOST_FILES} files are fetched for a request", param=each.field
            )
    return found


def _refuse_large(contents: Mapping[Named, Content], text_bytes: int) -> None:
    """Pass what fits into the body of a request, as often as it stands there.

    Raises:
        InvalidRequest: `param` is the field of the first file that does not.
    """
    left = MAX_BODY_BYTES - text_bytes
    for each, content in contents.items():
        left -= -(-len(content.body) // 3) * 4
        if left < 0:
            raise _together(each)


def _together(named: Named) -> InvalidRequest:
    return InvalidRequest(
        f"{named.field}: the files that the request names are more together than the 6 MB that a body may have",
        param=named.field,
    )


def _with(ask: Ask, contents: Mapping[Named, Content]) -> Ask:
    """The request with files in the places that name them, as its dialect reads it."""
    said, dialect = _said(ask), lanes.addresses_of(ask.surface)
    parts: dict[Path, JsonObject] = {}
    for each, content in contents.items():
        part = said
        for step in each.path:
            part = part[step]  # type: ignore[index] # a path says a number where a list is
        parts[each.path] = dialect.filled(part, each, content)
    return dialect.read_again(with_parts(said, parts), ask)


def _said(ask: Ask) -> JsonObject:
    """The request in the form of its surface."""
    return ask.asked or ask.body
