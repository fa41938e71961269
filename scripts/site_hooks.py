"""What the documentation site takes from the rest of the repository: pages outside docs/, the command line's help, links between them.

Hooks of mkdocs (``hooks:`` in mkdocs.yml), called by ``make docs``.
"""

from __future__ import annotations

import importlib.util
import os
import posixpath
import re
import tempfile
from pathlib import Path
from typing import Any

import click
from mkdocs.structure.files import File, Files

from dudao.cli.application import build
from dudao.language import translator

ROOT = Path(__file__).resolve().parent.parent
# Pages and pictures that live where they are used, and where the site shows them.
SHOWN = {
    "ARCHITECTURE.md": "project/architecture.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "benchmarks/README.md": "project/benchmarks.md",
    "benchmarks/throughput.svg": "project/throughput.svg",
    "corpus/LABELLING.md": "project/labelling-guide.md",
    "corpus/README.md": "project/corpus.md",
    "examples/README.md": "project/examples.md",
}
_LINK = re.compile(r"(?<=\]\()(?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?(?=\))")
_LINKED_TEXT = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
_FENCED = re.compile(r"(?ms)(^```.*?^```$)")
_HAN = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_BROKEN_LINE = re.compile(rf"(?<={_HAN})\n(?={_HAN})")
_COMMANDS = re.compile(r"<!-- commands (?P<lang>en|zh) -->")


def on_config(config: Any) -> Any:
    """Leave out of the navigation what is not there, and keep jieba, which the search uses, out of the shared temporary folder."""
    config.nav = _existing(config.nav)
    if importlib.util.find_spec("jieba"):
        import jieba

        # Its default cache is a file of a fixed name there, which it unmarshals whoever wrote it.
        jieba.dt.tmp_dir = tempfile.mkdtemp(prefix="dudao-docs-")
        jieba.setLogLevel(60)
    return config


def _existing(entries: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for entry in entries:
        if isinstance(entry, dict):
            ((title, value),) = entry.items()
            if isinstance(value, list):
                kept.append({title: _existing(value)})
            elif _is_there(value):
                kept.append(entry)
        elif _is_there(entry):
            kept.append(entry)
    return kept


def _is_there(page: str) -> bool:
    source = next((path for path, shown in SHOWN.items() if shown == page), None)
    return (ROOT / source if source else ROOT / "docs" / page).is_file()


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that live outside docs/."""
    for source, shown in SHOWN.items():
        if (ROOT / source).is_file():
            files.append(File.generated(config, shown, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Fill in the commands' help, drop modules that are not there, mend links that lead out of docs/."""
    markdown = _COMMANDS.sub(lambda match: commands(match["lang"]), markdown)
    markdown = _joined(_present(markdown))
    here = page.file.src_uri
    source = next((path for path, shown in SHOWN.items() if shown == here), f"docs/{here}")

    def link(match: re.Match[str]) -> str:
        target = match["target"]
        if "://" in target or target.startswith(("mailto:", "/")):
            return match[0]
        named = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        shown = SHOWN.get(named) or (named.removeprefix("docs/") if named.startswith("docs/") else None)
        if shown is None or files.get_file_from_path(shown) is None:
            return f"{match['text']} (`{named}`)"  # a file of the repository that the site does not show
        return f"[{match['text']}]({posixpath.relpath(shown, posixpath.dirname(here) or '.')}{match['anchor'] or ''})"

    def picture(match: re.Match[str]) -> str:
        named = posixpath.normpath(posixpath.join(posixpath.dirname(source), match["target"]))
        return posixpath.relpath(SHOWN[named], posixpath.dirname(here) or ".") if named in SHOWN else match[0]

    return _LINK.sub(picture, _LINKED_TEXT.sub(link, markdown))


def _joined(markdown: str) -> str:
    """Chinese lines put together, where a browser would show the line end as a blank."""
    parts = _FENCED.split(markdown)
    return "".join(part if number % 2 else _BROKEN_LINE.sub("", part) for number, part in enumerate(parts))


def _present(markdown: str) -> str:
    """A page without the sections whose module is not there (``::: dudao.name``)."""
    sections = re.split(r"(?m)^(?=## )", markdown)
    return "".join(each for each in sections if all(map(_importable, re.findall(r"(?m)^::: (\S+)", each))))


def _importable(name: str) -> bool:
    """Whether a module, or the module that a class is in, is there."""
    module = name if name.rpartition(".")[2].islower() else name.rpartition(".")[0]
    return importlib.util.find_spec(module) is not None


def commands(lang: str) -> str:
    """The help of every command, in one language, as Markdown."""
    os.environ["COLUMNS"] = "100"
    parts: list[str] = []
    group = build(translator(lang))

    def show(command: click.Command, context: click.Context) -> None:
        text = command.get_help(context)
        parts.append(f"## {context.command_path}\n\n```text\n{text}\n```\n")
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                sub = command.get_command(context, name)
                if sub is not None:
                    show(sub, click.Context(sub, info_name=name, parent=context))

    show(group, click.Context(group, info_name="dudao"))
    return "\n".join(parts)
