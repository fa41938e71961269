"""XML parts of Word and OFD documents: no entities, no network, bounded in size and depth."""

from __future__ import annotations

import re
from typing import Any

from dudao.errors import ReadError
from dudao.readers.limits import Limits

_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.I)


def parse_xml(data: bytes, *, where: str, limits: Limits) -> Any:
    """Parse one part.

    Returns
    -------
    lxml.etree._Element
        Its root.

    Raises
    ------
    ReadError
        A document type definition (the formats have none), too many or too deep elements, or no well-formed XML.
    """
    from lxml import etree

    # In UTF-16 and UTF-32 the ASCII of a definition stands between NULs.
    if _DTD.search(data) or (b"\0" in data and _DTD.search(data.replace(b"\0", b""))):
        raise _dtd(where)
    if data.count(b"<") + data.count(b"=") > limits.xml_nodes:
        raise ReadError(
            f"has more than {limits.xml_nodes:,} XML nodes", where=where, hint="save it as .txt and give that"
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        if "depth" in str(error).lower():
            raise _too_deep(where, limits) from error
        raise ReadError("its XML is damaged", where=where, hint="open it in Word or WPS and save it again") from error
    if root is None:
        raise ReadError("its XML is damaged", where=where, hint="open it in Word or WPS and save it again")
    if root.getroottree().docinfo.internalDTD is not None:
        raise _dtd(where)
    # One step a level, each over the nodes of that level only: linear, and in C.
    if root.xpath("boolean(" + "/*" * (limits.xml_depth + 1) + ")"):
        raise _too_deep(where, limits)
    return root


def _dtd(where: str) -> ReadError:
    return ReadError(
        "declares XML entities or a document type, which no Word or OFD file does", where=where, hint="do not open it"
    )


def _too_deep(where: str, limits: Limits) -> ReadError:
    return ReadError(
        f"nests XML deeper than {limits.xml_depth} levels", where=where, hint="save it as .txt and give that"
    )
