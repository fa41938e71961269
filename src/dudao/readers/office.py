"""Old Word and WPS files and RTF, by LibreOffice where it is installed: to ``.docx`` in a folder of the call's own, then `docx`.

Two runs on one profile end in one of them doing nothing, so each has its own; a profile also says what may run: no macro, no update
of links, no network.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from dudao.document import Document
from dudao.errors import ReadError
from dudao.readers.docx import read_docx
from dudao.readers.limits import DEFAULT, Limits, too_slow
from dudao.readers.ole import is_protected

_KNOWN = re.compile(
    r"[\s\x21-\x7e\u2010-\u2027\u2030-\u203b\u2150-\u218f\u2460-\u24ff\u3000-\u303f\u3220-\u33ff\u3400-\u9fff\uff01-\uffee]"
)
_KNOWN_SHARE = 0.7
_PROGRAMS = ("soffice", "libreoffice")
_SUFFIX = {"doc": ".doc", "rtf": ".rtf", "odt": ".odt", "xml": ".xml", "works": ".wps"}
_SETTINGS = {
    "/org.openoffice.Office.Common/Security/Scripting": {
        "MacroSecurityLevel": ("xs:int", "3"),
        "DisableMacrosExecution": ("xs:boolean", "true"),
        "DisableActiveContent": ("xs:boolean", "true"),
        "BlockUntrustedRefererLinks": ("xs:boolean", "true"),
    },
    "/org.openoffice.Office.Writer/Content/Update": {"Link": ("xs:int", "0"), "Field": ("xs:boolean", "false")},
    # A proxy at a port where nothing listens: what a document asks for from outside is refused.
    "/org.openoffice.Inet/Settings": {
        "ooInetProxyType": ("xs:int", "2"),
        "ooInetHTTPProxyName": ("xs:string", "127.0.0.1"),
        "ooInetHTTPProxyPort": ("xs:int", "9"),
        "ooInetHTTPSProxyName": ("xs:string", "127.0.0.1"),
        "ooInetHTTPSProxyPort": ("xs:int", "9"),
    },
}


def read_office(data: bytes, name: str, limits: Limits = DEFAULT, *, kind: str = "doc") -> Document:
    """Read an old Word or WPS file (``doc``), RTF, OpenDocument text, flat Word XML or a Works file.

    Raises
    ------
    ReadError
        LibreOffice is missing, the file is protected by a password, or it cannot be converted in time.
    """
    if kind == "doc" and is_protected(data):
        raise ReadError("is protected by a password", where=name, hint="save a copy without the password")
    if kind == "rtf" and not data.rstrip(b"\0\r\n\t ").endswith(b"}"):
        raise ReadError("is damaged or cut short", where=name, hint="download or copy it again")
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise ReadError(
            "is read by LibreOffice, which is not installed",
            where=name,
            hint="install LibreOffice, or save the file as .docx in Word or WPS",
        )
    with tempfile.TemporaryDirectory(prefix="dudao-") as folder:
        converted = _convert(program, data, Path(folder), name, limits, kind)
    if not converted:
        raise ReadError("LibreOffice cannot convert it", where=name, hint="open it in Word or WPS and save it as .docx")
    document = read_docx(converted, name, limits, format=kind)
    if not _is_plausible(document.text):
        raise ReadError("is damaged: what is in it is no text", where=name, hint="download or copy it again")
    return document


def _is_plausible(text: str) -> bool:
    """Whether LibreOffice found text: from noise it makes letters of all the world without complaint."""
    known = len(_KNOWN.findall(text))
    return known >= _KNOWN_SHARE * len(text)


def _convert(program: str, data: bytes, folder: Path, name: str, limits: Limits, kind: str) -> bytes:
    """Run the program on a copy of the file and take what it wrote; empty where it wrote nothing."""
    source = folder / f"report{_SUFFIX[kind]}"
    source.write_bytes(data)
    profile = folder / "profile"
    _write_settings(profile / "user" / "registrymodifications.xcu")
    command = [
        program,
        f"-env:UserInstallation={profile.as_uri()}",
        "--headless",
        "--norestore",
        "--nologo",
        "--nolockcheck",
        "--convert-to",
        "docx:MS Word 2007 XML",
        "--outdir",
        str(folder / "out"),
        str(source),
    ]
    environment = {
        **{key: value for key, value in os.environ.items() if key in {"PATH", "LD_LIBRARY_PATH", "SYSTEMROOT"}},
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
    }
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=folder,
        start_new_session=True,
    )
    try:
        process.wait(timeout=limits.seconds)
    except subprocess.TimeoutExpired as error:
        raise too_slow(limits.seconds, name) from error
    finally:
        _end(process)
    made = folder / "out" / "report.docx"
    if not made.is_file() or made.stat().st_size > limits.bytes:
        return b""
    return made.read_bytes()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and what it started; its launcher leaves a child behind when it is killed alone."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _write_settings(path: Path) -> None:
    items = "".join(
        f'<item oor:path="{where}"><prop oor:name="{prop}" oor:op="fuse" oor:type="{kind}"><value>{value}</value></prop></item>'
        for where, props in _SETTINGS.items()
        for prop, (kind, value) in props.items()
    )
    path.parent.mkdir(parents=True)
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema">' + items + "</oor:items>",
        encoding="utf-8",
    )
