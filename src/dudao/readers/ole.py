"""OLE compound files: what an old Office file is, told by the names of its streams."""

from __future__ import annotations

from dudao.errors import ReadError

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def ole_kind(data: bytes, name: str) -> str:
    """What an OLE file is: ``doc`` or ``works``.

    Raises
    ------
    ReadError
        A document protected by a password, a table, a presentation, or nothing that is known.
    """

    def holds(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    if holds("EncryptedPackage"):
        raise ReadError("is protected by a password", where=name, hint="save a copy without the password")
    if holds("WordDocument"):
        return "doc"
    if holds("Workbook") or holds("PowerPoint Document"):
        raise ReadError(
            "is a table or a presentation, which is not read", where=name, hint="save its text as .txt and give that"
        )
    if holds("MatOST") or holds("MM") or holds("CONTENTS"):
        return "works"
    raise ReadError("is no Word file inside", where=name, hint="download or copy it again")


def is_protected(data: bytes) -> bool:
    """Whether an old Word file is encrypted: bit 8 of the flags in its file information block."""
    at = next((at for at in range(512, len(data) - 12, 512) if data[at : at + 2] == b"\xec\xa5"), None)
    return at is not None and bool(data[at + 11] & 0x01)
