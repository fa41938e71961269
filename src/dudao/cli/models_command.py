"""``dudao models list|show|verify|use|export|import``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dudao import store
from dudao.cli.common import OK, SOME_FAILED, console, models_folder, say
from dudao.errors import DudaoError, ModelError
from dudao.language import Translate


def build(t: Translate) -> click.Group:
    """The commands in one language."""
    group = click.Group(
        "models",
        help=t(
            "List, show, verify, choose, export and import model versions.",
            "列出、查看、校验、选用、导出、导入模型版本。",
        ),
    )

    def add(
        name: str, callback: Callable[..., int], params: list[click.Parameter], text: str, example: str = ""
    ) -> None:
        epilog = t(f"Example: {example}", f"示例：{example}") if example else None
        group.add_command(click.Command(name, callback=callback, params=params, help=text, epilog=epilog))

    def ref(required: bool = False) -> click.Argument:
        default = None if required else "current"
        return click.Argument(["ref"], required=required, default=default, metavar="REF" if required else "[REF]")

    as_json = click.Option(["--json", "as_json"], is_flag=True, help=t("Print JSON.", "输出 JSON。"))
    path = click.Path(path_type=Path)
    add(
        "list",
        lambda as_json: list_command(as_json=as_json, t=t),
        [as_json],
        t("Installed versions; * marks the default.", "已安装版本；* 为默认。"),
    )
    add(
        "show",
        lambda ref, as_json: show_command(ref, as_json=as_json, t=t),
        [ref(), as_json],
        t("A version's model card, or its manifest as JSON.", "查看版本的模型卡，或以 JSON 输出清单。"),
    )
    add(
        "verify",
        lambda ref: verify_command(ref, t=t),
        [ref()],
        t("Check every file: its digest and what is in it.", "逐个检查文件：摘要与内容。"),
    )
    add(
        "use",
        lambda ref: use_command(ref, t=t),
        [ref(required=True)],
        t("Make a version the default.", "设为默认版本。"),
        "dudao models use 1.1.0",
    )
    add(
        "export",
        lambda ref, out: export_command(ref, out, t=t),
        [
            ref(required=True),
            click.Option(
                ["-o", "--output", "out"],
                type=path,
                required=True,
                help=t("File to write: .zip or .tar.gz.", "输出文件：.zip 或 .tar.gz。"),
            ),
        ],
        t("Pack a version into one file.", "把一个版本打包成单个文件。"),
        "dudao models export 1.1.0 -o model-1.1.0.zip",
    )
    add(
        "import",
        lambda source, sha256, models: import_command(source, sha256, models, t=t),
        [
            click.Argument(["source"], type=path, metavar="FILE|DIR"),
            click.Option(
                ["--sha256"],
                metavar="DIGEST",
                help=t(
                    "Refuse what has another SHA-256 (of the file, or of a folder's manifest.json).",
                    "SHA-256（文件的，或文件夹中 manifest.json 的）不同即拒绝。",
                ),
            ),
            click.Option(["--models"], type=path, help=t("Where versions are written.", "版本写入的位置。")),
        ],
        t("Install a version from a file or folder, checked.", "检查并安装文件或文件夹中的版本。"),
        "dudao models import model-1.1.0.zip --sha256 6f1e…",
    )
    from dudao.cli.diff_command import build as build_diff

    group.add_command(build_diff(t))
    return group


def list_command(*, as_json: bool, t: Translate) -> int:
    """Print the installed versions."""
    versions = store.list_versions()
    if as_json:
        click.echo(json.dumps([_entry(each) for each in versions], ensure_ascii=False, indent=2))
        return OK
    if not versions:
        raise ModelError("no model is installed", hint="train one: dudao train")
    for each in versions:
        click.echo(f"{'*' if each.current else ' '} {each.version:<10} {_note(each, t)}  {each.path}")
    return OK


def _entry(version: store.ModelVersion) -> dict[str, Any]:
    entry: dict[str, Any] = {"version": version.version, "path": str(version.path), "current": version.current}
    try:
        manifest = version.manifest()
    except ModelError as error:
        return {**entry, "error": str(error)}
    return {
        **entry,
        "sha256": store.inference_digest(manifest),
        "format": manifest["format"],
        "created": manifest.get("created"),
        "released": store.is_released(version),
    }


def _note(version: store.ModelVersion, t: Translate) -> str:
    """Score and date of a version, or that it is damaged."""
    try:
        manifest = version.manifest()
        score, created = manifest["metrics"]["cross_validation"]["macro_f1"], str(manifest["created"])[:10]
        return f"macro F1 {score:.3f}  {created if created.isprintable() else ''}"
    except (ModelError, LookupError, TypeError, ValueError):
        return t("damaged", "已损坏")


def show_command(ref: str, *, as_json: bool, t: Translate) -> int:
    """Print a version's card."""
    version = store.resolve(ref)
    manifest = version.manifest()
    if as_json:
        click.echo(json.dumps(manifest, ensure_ascii=False, indent=2))
        return OK
    card = store.read_card(version, chinese=t("en", "zh") == "zh")
    if sys.stdout.isatty():
        from rich.markdown import Markdown

        console(sys.stdout).print(Markdown(card))
    else:
        click.echo(card, nl=False)
    return OK


def verify_command(ref: str, *, t: Translate) -> int:
    """Print each file's state; exit status 1 where something is wrong."""
    version = store.resolve(ref)
    findings = {each.file: each.error for each in store.audit(store.Folder(version.path))}
    for name, right in store.verify(version.path).items():
        reason = "" if right else f"  {_reason(findings[name], t)}"
        click.echo(f"{'ok  ' if right else t('BAD ', '不符')}  {name if name.isprintable() else ascii(name)}{reason}")
    if findings:
        click.echo(
            t(
                f"{version.version}: {len(findings)} files are not as written; install the version again",
                f"{version.version}：{len(findings)} 个文件与写入时不符，请重新安装该版本",
            )
        )
        return SOME_FAILED
    click.echo(t(f"{version.version}: every file is as written", f"{version.version}：全部文件与写入时一致"))
    click.echo(
        t("It is the version that was released with this dudao.", "即随本程序发布的版本。")
        if store.is_released(version)
        else t(
            "It is not among the versions released with this dudao: whether its files are its maker's, only its maker can say.",
            "不在随本程序发布的版本之列：文件是否出自其制作者，须向制作者核对。",
        )
    )
    return OK


def _reason(error: DudaoError, t: Translate) -> str:
    if t("en", "zh") == "en":
        return error.what
    from dudao.messages import chinese

    return chinese(error.what)


def use_command(ref: str, *, t: Translate) -> int:
    """Choose the default version."""
    chosen = store.use(ref)
    click.echo(t(f"default model: {chosen.version}", f"默认模型：{chosen.version}"))
    return OK


def export_command(ref: str, out: Path, *, t: Translate) -> int:
    """Pack a version and say the file's digest."""
    version, digest = store.export_version(ref, out)
    say(t(f"model {version.version} packed into {out}", f"模型 {version.version} 已打包为 {out}"))
    click.echo(f"sha256 {digest}")
    return OK


def import_command(source: Path, sha256: str | None, models: Path | None, *, t: Translate) -> int:
    """Install a version and say the digest of what it came from."""
    result = store.import_version(source, models_folder(models), trusted=sha256)
    version = result.version
    if result.repaired:
        names = ", ".join(result.repaired)
        say(
            t(
                f"model {version.version} was there; repaired: {names}",
                f"模型 {version.version} 已存在，修复了：{names}",
            )
        )
    elif not result.new:
        say(t(f"model {version.version} was there, as it is", f"模型 {version.version} 已存在，内容一致"))
    else:
        say(
            t(f"model {version.version} installed in {version.path}", f"模型 {version.version} 已安装到 {version.path}")
        )
    click.echo(f"sha256 {result.sha256}")
    if sha256 is None:
        say(
            t(
                "compare this digest with its maker's, or give it with --sha256",
                "请与制作者公布的摘要核对，或用 --sha256 指定",
            )
        )
    if store.is_installed(version):
        say(
            t(
                f"make it the default: dudao models use {version.version}",
                f"设为默认：dudao models use {version.version}",
            )
        )
    return OK
