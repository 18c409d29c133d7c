"""PDFs for tests, with as many pages and as much text as is said: in the open, or packed in the ways that PDF has."""

import zlib


def pdf(texts: list[str], *, packed: bool = False, hidden: bool = False, by: int = 100) -> bytes:
    """A page for each text. `packed` contents are Deflated; `hidden` objects lie in a packed stream of objects.

    `by` is how many pages a node of the page tree has.
    """
    groups = [range(first, min(first + by, len(texts))) for first in range(0, len(texts), by)]
    root, first_node, first_page = 2, 3, 3 + len(groups)
    first_content = first_page + len(texts)
    objects = {
        1: f"<</Type/Catalog/Pages {root} 0 R>>",
        root: f"<</Type/Pages/Count {len(texts)}/Kids[{_references(first_node, range(len(groups)))}]>>",
    }
    for n, group in enumerate(groups):
        kids = _references(first_page, group)
        objects[first_node + n] = f"<</Type/Pages/Parent {root} 0 R/Count {len(group)}/Kids[{kids}]>>"
        for page in group:
            objects[first_page + page] = (
                f"<</Type/Page/Parent {first_node + n} 0 R/Contents {first_content + page} 0 R>>"
            )
    streams = [_stream(first_content + n, _shown(text), packed=packed) for n, text in enumerate(texts)]
    if hidden:
        written = [_stream(first_content + len(texts), _packed_objects(objects), packed=True, head=_HEAD)]
    else:
        written = [f"{n} 0 obj\n{said}\nendobj\n".encode() for n, said in objects.items()]
    return b"%PDF-1.7\n" + b"".join([*written, *streams]) + b"trailer<</Root 1 0 R>>\n%%EOF\n"


_HEAD = "/Type/ObjStm/N 1/First 4"


def _references(first: int, of: range) -> str:
    return " ".join(f"{first + n} 0 R" for n in of)


def _shown(text: str) -> bytes:
    return b"BT (" + text.encode() + b") Tj ET"


def _packed_objects(objects: dict[int, str]) -> bytes:
    return "\n".join(objects.values()).encode()


def _stream(number: int, content: bytes, *, packed: bool, head: str = "") -> bytes:
    said = zlib.compress(content) if packed else content
    how = "/Filter/FlateDecode" if packed else ""
    return (
        f"{number} 0 obj\n<<{head}{how}/Length {len(said)}>>\nstream\n".encode()
        + said
        + b"\nendstream\nendobj\n"
    )
