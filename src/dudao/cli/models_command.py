"""``dudao models list|show|verify|use``."""

from __future__ import annotations

import json
import sys

import click

from dudao import store
from dudao.cli.common import OK, SOME_FAILED, console
from dudao.errors import ModelError
from dudao.language import Translate


def build(t: Translate) -> click.Group:
    """The commands in one language."""
    group = click.Group(
        "models", help=t("List, show, verify and choose model versions.", "列出、查看、校验、选用模型版本。")
    )

    def ref(required: bool) -> click.Argument:
        return click.Argument(
            ["ref"], required=required, default=None if required else "current", metavar="REF" if required else "[REF]"
        )

    as_json = click.Option(["--json", "as_json"], is_flag=True, help=t("Print JSON.", "输出 JSON。"))
    group.add_command(
        click.Command(
            "list",
            callback=lambda as_json: list_command(as_json=as_json, t=t),
            params=[as_json],
            help=t("Installed versions; * marks the default.", "已安装版本；* 为默认。"),
        )
    )
    group.add_command(
        click.Command(
            "show",
            callback=lambda ref, as_json: show_command(ref, as_json=as_json, t=t),
            params=[ref(False), as_json],
            help=t("A version's model card, or its manifest as JSON.", "查看版本的模型卡，或以 JSON 输出清单。"),
        )
    )
    group.add_command(
        click.Command(
            "verify",
            callback=lambda ref: verify_command(ref, t=t),
            params=[ref(False)],
            help=t("Compare every file with the manifest's digests.", "逐个文件与清单摘要比对。"),
        )
    )
    group.add_command(
        click.Command(
            "use",
            callback=lambda ref: use_command(ref, t=t),
            params=[ref(True)],
            help=t("Make a version the default.", "设为默认版本。"),
            epilog=t("Example: dudao models use 1.1.0", "示例：dudao models use 1.1.0"),
        )
    )
    from dudao.cli.diff_command import build as build_diff

    group.add_command(build_diff(t))
    return group


def list_command(*, as_json: bool, t: Translate) -> int:
    """Print the installed versions."""
    versions = store.list_versions()
    if as_json:
        click.echo(
            json.dumps(
                [{"version": each.version, "path": str(each.path), "current": each.current} for each in versions],
                ensure_ascii=False,
                indent=2,
            )
        )
        return OK
    if not versions:
        raise ModelError("no model is installed", hint="train one: dudao train")
    for each in versions:
        try:
            manifest = each.manifest()
            note = f"macro F1 {manifest['metrics']['cross_validation']['macro_f1']:.3f}  {manifest['created'][:10]}"
        except (ModelError, KeyError, TypeError):
            note = t("damaged", "已损坏")
        click.echo(f"{'*' if each.current else ' '} {each.version:<10} {note}  {each.path}")
    return OK


def show_command(ref: str, *, as_json: bool, t: Translate) -> int:
    """Print a version's card."""
    version = store.resolve(ref)
    if as_json:
        click.echo(json.dumps(version.manifest(), ensure_ascii=False, indent=2))
        return OK
    english, chinese = store.cards()
    try:
        card = (version.path / t(english, chinese)).read_text(encoding="utf-8")
    except OSError as error:
        raise ModelError(
            f"the model card cannot be read: {error.strerror}",
            where=str(version.path),
            hint="`dudao models show --json` prints the manifest",
        ) from error
    if sys.stdout.isatty():
        from rich.markdown import Markdown

        console(sys.stdout).print(Markdown(card))
    else:
        click.echo(card, nl=False)
    return OK


def verify_command(ref: str, *, t: Translate) -> int:
    """Print each file's state; exit status 1 where one is not as written."""
    version = store.resolve(ref)
    result = store.verify(version.path)
    for name, right in result.items():
        click.echo(f"{'ok  ' if right else t('BAD ', '不符')}  {name}")
    bad = [name for name, right in result.items() if not right]
    click.echo(
        t(f"{version.version}: every file is as written", f"{version.version}：全部文件与写入时一致")
        if not bad
        else t(
            f"{version.version}: {len(bad)} files are not as written; install the version again",
            f"{version.version}：{len(bad)} 个文件与写入时不符，请重新安装该版本",
        )
    )
    return SOME_FAILED if bad else OK


def use_command(ref: str, *, t: Translate) -> int:
    """Choose the default version."""
    chosen = store.use(ref)
    click.echo(t(f"default model: {chosen.version}", f"默认模型：{chosen.version}"))
    return OK
