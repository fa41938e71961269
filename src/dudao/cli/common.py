"""What commands share: options, errors and exit status, output that replaces a file as a whole."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

import click

from dudao.errors import DudaoError
from dudao.files import replacing
from dudao.language import Translate

if TYPE_CHECKING:
    from rich.console import Console

OK, SOME_FAILED, WRONG_USAGE = 0, 1, 2


def model_option(t: Translate) -> click.Option:
    """``--model REF``."""
    return click.Option(
        ["--model"],
        default="current",
        metavar="REF",
        help=t("Version, current, or a model folder.", "版本号、current 或模型文件夹。"),
    )


def jobs_option(t: Translate) -> click.Option:
    """``--jobs N``."""
    return click.Option(
        ["--jobs"], type=click.IntRange(min=1), default=1, help=t("Processes to use.", "使用的进程数。")
    )


def paths_argument() -> click.Argument:
    """``PATH...``: what `dudao.cli.inputs.Inputs` takes."""
    return click.Argument(["paths"], nargs=-1, required=True, metavar="PATH...")


def out_option(t: Translate, *, metavar: str | None = None) -> click.Option:
    """``-o FILE``."""
    return click.Option(
        ["-o", "out"],
        type=click.Path(path_type=Path, dir_okay=False),
        metavar=metavar,
        help=t("Write to this file.", "写入此文件。"),
    )


def say(message: str) -> None:
    """A line on standard error."""
    click.echo(message, err=True)


def say_error(error: DudaoError | str, t: Translate) -> None:
    """An error on standard error: what, where, what next."""
    english = str(error)
    if isinstance(error, DudaoError) and t("en", "zh") == "zh":
        from dudao.messages import chinese_error

        say(f"错误：{chinese_error(error)}")
    else:
        say(t(f"error: {english}", f"错误：{english}"))


def models_folder(named: Path | None) -> Path:
    """The folder for new model versions."""
    from dudao import places

    return named or places.home() / "models"


def format_of(out: Path | None, formats: Sequence[str]) -> str | None:
    """What the name of the output says it is: nobody wants JSON in a file called .xlsx."""
    suffix = out.suffix.lower().lstrip(".") if out is not None else ""
    return suffix if suffix in formats and suffix != "terminal" else None


def console(file: TextIO | None = None) -> Console:
    """A rich console that survives terminals whose encoding lacks a character."""
    from rich.console import Console

    file = file or sys.stdout
    with contextlib.suppress(AttributeError, ValueError):
        file.reconfigure(errors="replace")  # type: ignore[union-attr]
    return Console(file=file, highlight=False, markup=False, emoji=False)


@contextlib.contextmanager
def output(path: Path | None, *, bom: bool = False, screen: bool = False) -> Iterator[TextIO]:
    """Standard output, or a file that is replaced once everything is written; on an error it stays as it was.

    Data is UTF-8 wherever it goes; what is meant for a ``screen`` keeps the console's own encoding. A link is followed, and what is
    no regular file (a device, a pipe) is written to, not replaced.
    """
    if path is None:
        if not screen:
            with contextlib.suppress(AttributeError, ValueError):
                sys.stdout.reconfigure(encoding="utf-8", errors="surrogatepass", newline="\n")  # type: ignore[union-attr]
        yield sys.stdout
        sys.stdout.flush()
        return
    with binary_output(path) as file:
        text = io.TextIOWrapper(
            file, encoding="utf-8-sig" if bom else "utf-8", errors="surrogatepass", newline="", write_through=True
        )
        yield text
        text.flush()
        text.detach()


@contextlib.contextmanager
def binary_output(path: Path) -> Iterator[BinaryIO]:
    """The same for bytes, where there is always a file."""
    try:
        if path.exists() and not path.is_file():
            with open(path, "wb") as device:
                yield device
        else:
            path = path.resolve()
            with replacing(path) as file:
                yield file
    except BrokenPipeError:  # whoever reads has seen enough
        raise
    except OSError as error:
        hint = "check space and permissions" if path.parent.is_dir() else "check that the folder exists"
        raise DudaoError(f"cannot be written: {error.strerror}", where=str(path), hint=hint) from error
