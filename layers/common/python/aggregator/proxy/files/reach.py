"""What a provider fetches itself, by its entry in the catalogue (`fetches`), and so what is left to be fetched here.

An entry, of a provider or of a dialect that it speaks:

| field            | says                                                                                     |
|------------------|------------------------------------------------------------------------------------------|
| `image`, `file`  | endings of an address's path that it fetches by: `["*"]` any, `[]` none                  |
| `httpsOnly`      | none by http                                                                             |
| `notFrom`        | hosts whose files are fetched here all the same: what lies there may be the platform's    |
| `mostImageBytes` | how large an image may be that is fetched here for it; `mostFileBytes` the same for files |

An entry without any fetches what it is told to. What is neither http nor https no provider gets: `s3://` could be the
platform's own.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.dialects.lanes import RESPONSES, is_native, takes_responses
from aggregator.proxy.files.contents import IMAGE
from aggregator.proxy.files.named import Named
from aggregator.proxy.files.web_address import BadAddress, WebAddress
from aggregator.proxy.model import Ask

_ANY = "*"


def fetches_of(ask: Ask, via: CatalogueRoute) -> Mapping[str, Any]:
    """The entry that holds for a request on a route, by the dialect in which it goes there."""
    if is_native(ask, via):
        return via.provider.dialects[ask.surface].fetches
    if takes_responses(ask, via):
        return via.provider.dialects[RESPONSES].fetches
    return via.provider.fetches


def left_to_us(named: Iterable[Named], fetches: Mapping[str, Any]) -> tuple[Named, ...]:
    """Those of the files that a request names which its provider does not fetch."""
    return tuple(each for each in named if not _fetches(each, fetches))


def most_bytes(kind: str, fetches: Mapping[str, Any]) -> int | None:
    """How large a file may be that is fetched here for the provider, if it says."""
    most: int | None = fetches.get("mostImageBytes" if kind == IMAGE else "mostFileBytes")
    return most


def _fetches(named: Named, fetches: Mapping[str, Any]) -> bool:
    endings = fetches.get(named.kind, [_ANY])
    url = named.url.lower()
    if not endings or not url.startswith("https://" if fetches.get("httpsOnly") else ("https://", "http://")):
        return False
    if _ANY in endings and not fetches.get("notFrom"):
        return True
    try:
        address = WebAddress.of(named.url)
    except BadAddress:
        return False  # so that it is refused by name
    return (_ANY in endings or address.ending in endings) and not address.is_at(fetches.get("notFrom", []))
