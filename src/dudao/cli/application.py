"""The group of commands: which there are, how one is called, and what becomes of its errors."""

from __future__ import annotations

import importlib
import os
import sys

import click

from dudao import __version__
from dudao.cli.common import SOME_FAILED, WRONG_USAGE, say, say_error
from dudao.errors import DudaoError
from dudao.language import Translate, language, translator

_COMMANDS: dict[str, tuple[str, str]] = {
    "tag": ("Tag reports: files, folders, or - for standard input.", "标注报告：文件、文件夹，或 - 表示标准输入。"),
    "compare": (
        "Many reports side by side: what is missing, shares by role, year against year.",
        "并排比较多份报告：缺失领域、各部分篇幅、年度对比。",
    ),
    "inspect": (
        "Show a report's outline: headings, roles, paragraphs, clauses.",
        "查看报告结构：标题、角色、段落、分句。",
    ),
    "train": ("Train a new model version from the corpus.", "用语料训练新的模型版本。"),
    "evaluate": ("Measure a model on labelled records.", "用已标注的记录评测模型。"),
    "batch": (
        "Tag a table of texts: JSON lines or Parquet, streamed.",
        "标注文本表格：JSONL 或 Parquet，流式处理。",
    ),
    "corpus": (
        "The labelled corpus: check, count, extend, to labelling tools and back.",
        "标注语料：检查、统计、补充、与标注工具互导。",
    ),
    "models": ("List, show, verify and choose model versions.", "列出、查看、校验、选用模型版本。"),
}


class _Group(click.Group):
    """Knows its commands by name and imports the one that is called: `--help` takes a tenth of a second."""

    def __init__(self, t: Translate, **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self._t = t

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"dudao.cli.{cmd_name}_command").build(self._t)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(self._t("Commands", "命令")):
            formatter.write_dl([(name, self._t(*texts)) for name, texts in _COMMANDS.items()])


def build(t: Translate) -> click.Group:
    """The whole command line in one language."""
    version = click.version_option(
        __version__, "-V", "--version", prog_name="dudao", help=t("Show the version.", "显示版本。")
    )
    group = _Group(
        t,
        name="dudao",
        help=t(
            "Tags county education self-evaluation reports by domain and section role.",
            "给县级政府履行教育职责自评报告标注评价领域与段落角色。",
        ),
        epilog=t("Example: dudao tag report.txt", "示例：dudao tag 报告.txt"),
        context_settings={"help_option_names": ["-h", "--help"]},
        params=[
            click.Option(
                ["--lang"],
                type=click.Choice(["zh", "en"]),
                expose_value=False,
                help=t("Language of messages.", "提示语言。"),
            ),
            click.Option(["-v", "--verbose"], is_flag=True, help=t("Log what is being done.", "输出运行日志。")),
        ],
        callback=_start,
    )
    return version(group)


def _start(verbose: bool) -> None:
    if verbose:
        import logging

        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def run(arguments: list[str]) -> int:
    """Run a command line and give its exit status."""
    t = translator(language(arguments))
    arguments = _lang_first(arguments)
    try:
        result = build(t).main(arguments, standalone_mode=False, prog_name="dudao")
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.UsageError as error:
        _show_usage_error(error, t)
        return WRONG_USAGE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except DudaoError as error:
        say_error(error, t)
        return SOME_FAILED
    except BrokenPipeError:
        # The reader has gone (`dudao … | head`): nothing more to say, also not at interpreter exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SOME_FAILED
    except (KeyboardInterrupt, click.Abort):
        return 130
    except MemoryError:
        say_error(t("out of memory: give fewer or smaller files at a time", "内存不足：请减少文件数量或缩小文件"), t)
        return SOME_FAILED
    except Exception as error:
        import logging

        logging.getLogger("dudao").info("unexpected error", exc_info=True)
        say_error(
            t(
                f"unexpected {type(error).__name__}: {error}; run again with -v and report it",
                f"意外错误 {type(error).__name__}：{error}；请加 -v 重新运行并反馈",
            ),
            t,
        )
        return SOME_FAILED


def _show_usage_error(error: click.UsageError, t: Translate) -> None:
    if t("en", "zh") == "en":
        error.show()
        return
    from dudao.messages import chinese

    command = error.ctx.command_path if error.ctx else "dudao"
    say(f"用法错误：{chinese(error.format_message())}（运行 {command} --help 查看用法）")


def _lang_first(arguments: list[str]) -> list[str]:
    """``--lang`` and ``-v`` are understood wherever they stand."""
    front: list[str] = []
    rest: list[str] = []
    queue = iter(arguments)
    for argument in queue:
        if argument == "--":
            rest += [argument, *queue]
        elif argument == "--lang":
            front += [argument, *([value] if (value := next(queue, None)) is not None else [])]
        elif argument.startswith("--lang=") or argument in {"-v", "--verbose"}:
            front.append(argument)
        else:
            rest.append(argument)
    return front + rest
