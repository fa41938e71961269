"""The code blocks of a page, and how each is run: what the documentation shows is what happens."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from builders import docx, p, t
from conftest import ROOT
from dudao import store
from dudao.cli import run

# Shown only; everything else has to run.
SHOWN = {"text", "json", "jsonl", "toml", "xml", "csv", "tsv", "yaml", "html"}
RUN = {"python", "console"}
_FENCE = re.compile(
    r"(?m)(?:^<!-- (?P<mark>(?:slow|needs|not run|fails)[^>]*) -->\n+)?^(?P<fence>```)(?P<lang>[^\n]*)\n(?P<code>.*?)^```$",
    re.DOTALL,
)
FIELD = ROOT / "tests" / "data" / "agriculture"


SCHEME = """title = "某省要点"
year = 2024
source = "某教督〔2024〕1号"
[[item]]
name = "教师工资"
domains = ["finance"]
keywords = ["工资"]
"""


class Block(NamedTuple):
    """A fenced block of a page; ``mark`` is the comment above it."""

    line: int
    lang: str
    code: str
    mark: str


def pages() -> list[Path]:
    """Every page whose blocks are run."""
    return [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(text.count("\n", 0, match.start("fence")) + 1, match["lang"].strip(), match["code"], match["mark"] or "")
        for match in _FENCE.finditer(text)
    ]


def missing(block: Block) -> str:
    """Why a block cannot run here: a module or a command that it needs is not there."""
    for need in block.mark.removeprefix("needs:").split() if block.mark.startswith("needs:") else ():
        kind, _, name = need.partition("=")
        if kind == "module" and importlib.util.find_spec(name) is None:
            return f"{name} is not installed"
        if kind == "program" and shutil.which(name) is None:
            return f"{name} is not installed"
        if kind == "command" and not _has_command(name):
            return f"this dudao has no {name}"
    return ""


def _has_command(name: str) -> bool:
    """Whether the help of a command says a word: ``tag:xlsx``."""
    command, _, word = name.partition(":")
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = run([*command.split("."), "--help"])
    return status == 0 and word in said.getvalue()


def furnish(folder: Path, page: Path) -> None:
    """The files that the pages speak of; the one model folder only where it is."""
    if "candidate/" in page.read_text(encoding="utf-8"):
        shutil.copytree(store.resolve("current").path, folder / "candidate")
    sample = (ROOT / "examples" / "sample-report.txt").read_bytes()
    heldout = (ROOT / "tests" / "data" / "heldout" / "jiadu-2022.txt").read_bytes()
    for name in ("report.txt", "报告.txt", "reports/a.txt", "报告/甲县.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(sample)
    for name in ("reports/b.txt", "报告/乙县.txt"):
        (folder / name).write_bytes(heldout)
    (folder / "examples").mkdir()
    (folder / "examples" / "sample-report.txt").write_bytes(sample)
    body = "".join(p(t(line)) for line in sample.decode("utf-8").splitlines())
    for name in ("report.docx", "报告.docx"):
        (folder / name).write_bytes(docx(body))
    for name in ("our-province.toml", "我省2024.toml"):
        (folder / name).write_text(SCHEME, encoding="utf-8")
    texts = ["教师工资按月足额发放。", "食堂每周抽检，留样四十八小时。", "普惠性幼儿园覆盖率达到九成。"]
    rows = "".join(f'{{"id": {number}, "text": "{text}"}}\n' for number, text in enumerate(texts))
    for name in ("texts.jsonl", "文本.jsonl"):
        (folder / name).write_text(rows, encoding="utf-8")
    shutil.copy(ROOT / "tests" / "data" / "heldout" / "passages-f-2023.jsonl", folder / "gold.jsonl")
    corrected = [
        {"id": f"x-2024/{number}", "report": "x-2024", "text": f"第{number}所小学换了灶台。", "domains": ["safety"]}
        for number in range(20)
    ]
    lines = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in corrected)
    (folder / "corrections.jsonl").write_text(lines, encoding="utf-8")
    shutil.copytree(FIELD / "corpus", folder / "nong")
    shutil.copy(FIELD / "report.txt", folder / "nong-report.txt")
    shutil.copy(FIELD / "gold.jsonl", folder / "nong-gold.jsonl")


def play(block: Block, names: dict[str, object]) -> None:
    """Run one block in the current folder; console blocks are held to the output they show."""
    if block.lang == "python":
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile("\n" * block.line + block.code, "page", "exec"), names)
        return
    for command, shown in _sessions(block.code):
        status, said = _run(command)
        wanted = 1 if block.mark.startswith("fails") else 0
        assert status == wanted, f"{command}: exit status {status}\n{said[-1500:]}"
        _compare(command, shown, said)


def _sessions(code: str) -> list[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines shown below it."""
    found: list[tuple[str, list[str]]] = []
    for line in code.replace("\\\n", " ").split("\n"):
        if line.startswith("$ "):
            found.append((re.sub(r"\s{2,}#.*$", "", line[2:]), []))
        elif line.strip() and found:
            found[-1][1].append(line)
    return found


def _run(command: str) -> tuple[int, str]:
    words = shlex.split(command)
    if words[0] == "dudao" and not set(words) & {"|", ">", "<", "-", "&&"}:  # in this process: a tenth of the time
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = run(words[1:])
        return status, out.getvalue()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        shell=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PATH": path, "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"},
        timeout=600,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def _compare(command: str, shown: list[str], said: str) -> None:
    """Lines shown have to come in this order; a line or its rest may be left out as …"""
    lines = iter([" ".join(line.split()) for line in said.split("\n")])
    for line in shown:
        wanted = " ".join(line.split())
        if wanted == "…":
            continue
        found = any(each.startswith(wanted[:-1]) if wanted.endswith("…") else each == wanted for each in lines)
        assert found, f"{command} does not print: {line}\n{said[:1500]}"
