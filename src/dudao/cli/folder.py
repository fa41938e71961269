"""Files named after reports, in the folder that ``-o`` names."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

import click

from dudao.document import base_name
from dudao.errors import DudaoError
from dudao.language import Translate

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]+')  # by Windows, or by UTF-8
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_LONGEST = 180  # bytes: 255 are a name's limit, and suffix, number and temporary names need some


class Folder:
    """A folder, made where there is none, and the names given out in it: two reports of one name get two files.

    Raises
    ------
    DudaoError
        It is a file, or cannot be made.
    """

    def __init__(self, path: Path, *, reserved: tuple[str, ...] = ()) -> None:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DudaoError(
                f"cannot be written: {error.strerror}", where=str(path), hint="several reports go into a folder"
            ) from error
        self.path = path
        self._taken = {name.casefold() for name in reserved}

    def file_for(self, source: str, suffix: str) -> Path:
        """Where a report's file goes: its own name without its suffix, in characters that every system takes."""
        stem, _, part = base_name(source).partition("#")
        stem = _FORBIDDEN.sub("-", PurePath(stem).stem).strip(" .-")
        stem = stem.encode()[:_LONGEST].decode(errors="ignore") + (f"-{part}" if part.isdigit() else "")
        if not stem or _DEVICES.fullmatch(stem):
            stem = f"report-{stem}".strip("-")
        name, number = f"{stem}{suffix}", 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{stem}-{number}{suffix}"
        self._taken.add(name.casefold())
        return self.path / name


def require_folder(out: Path | None, *, many: bool, t: Translate) -> bool:
    """Whether files go into a folder: of several reports always, of one where ``-o`` is a folder already.

    Raises
    ------
    click.UsageError
        There are several reports and nothing says where to put them.
    """
    if many and out is None:
        raise click.UsageError(t("several reports need -o FOLDER", "多份报告须用 -o 指定文件夹"))
    return out is not None and (many or out.is_dir())
