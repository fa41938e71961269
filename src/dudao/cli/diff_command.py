"""``dudao models diff``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dudao.cli.common import OK, SOME_FAILED, console, out_option, output, say_error
from dudao.errors import CorpusError, DudaoError
from dudao.language import Translate

if TYPE_CHECKING:
    from dudao.corpus import Corpus, Record
    from dudao.document import Document
    from dudao.modeldiff import Difference
    from dudao.tagger import Tagger

_FORMATS = ("terminal", "csv", "html", "json")


def build(t: Translate) -> click.Command:
    """The command in one language."""

    def callback(before: str, after: str, paths: tuple[str, ...], gold: tuple[Path, ...], **settings: Any) -> int:
        return diff_command(before, after, paths, gold, t=t, **settings)

    return click.Command(
        "diff",
        callback=callback,
        help=t(
            "What two versions tag differently on given reports, by domain and by clause, and how good both are on the same "
            "labelled records: those of --gold, else the reports that the corpus sets aside (which also stand in where no report is named).\n\n"
            "Exit status: 0 no larger share of the clauses has changed than --fail-above says, 1 a larger one has or some input failed, "
            "2 wrong usage.",
            "比较两个版本对同一批报告的标注差异（按领域、按分句），并在同一批已标注记录上比较两者指标：--gold 给出的记录，否则用语料预留的报告（未指定报告时也用它们）。\n\n"
            "退出状态：0 变化的分句占比不超过 --fail-above；1 超过，或有输入失败；2 用法错误。",
        ),
        epilog=t(
            "Examples: dudao models diff 0.1.0 current reports/ · dudao models diff 0.1.0 0.2.0 a.docx --to html -o diff.html --fail-above 0.05",
            "示例：dudao models diff 0.1.0 current 报告文件夹 · dudao models diff 0.1.0 0.2.0 报告.docx --to html -o 差异.html --fail-above 0.05",
        ),
        params=[
            click.Argument(["before"], metavar="A"),
            click.Argument(["after"], metavar="B"),
            click.Argument(["paths"], nargs=-1, metavar="REPORT..."),
            click.Option(
                ["--gold"],
                multiple=True,
                type=click.Path(path_type=Path, dir_okay=False),
                metavar="GOLD.jsonl",
                help=t("Labelled records to measure both on.", "用于比较指标的已标注记录。"),
            ),
            click.Option(
                ["--to"],
                type=click.Choice(_FORMATS),
                default="terminal",
                show_default=True,
                help=t("Output.", "输出格式。"),
            ),
            out_option(t),
            click.Option(
                ["--by"],
                type=click.Choice(("clause", "domain")),
                default="clause",
                show_default=True,
                help=t("What a row of the CSV is.", "CSV 的一行是分句还是领域。"),
            ),
            click.Option(
                ["--fail-above"],
                type=click.FloatRange(0, 1),
                default=0.0,
                show_default=True,
                metavar="SHARE",
                help=t("Exit with 1 where more of the clauses change.", "变化的分句超过此占比时退出状态为 1。"),
            ),
        ],
    )


def diff_command(
    before: str,
    after: str,
    paths: Sequence[str],
    gold: Sequence[Path],
    *,
    to: str,
    out: Path | None,
    by: str,
    fail_above: float,
    t: Translate,
) -> int:
    """Compare two versions and print what differs."""
    from dudao.modeldiff import diff_models
    from dudao.tagger import Tagger, no_text_in

    taggers = Tagger.load(before), Tagger.load(after)
    corpus = _corpus(taggers[1]) if not gold or not paths else None
    failures: list[DudaoError] = []
    metrics, notes = _metrics(taggers, (before, after), gold, corpus)
    documents = _documents(paths, failures) if paths else _set_aside(corpus)
    difference = diff_models(*taggers, documents, metrics=metrics, notes=notes)
    failures += map(no_text_in, difference.without_text)
    for failure in failures:
        say_error(failure, t)
    if not difference.reports:
        if not failures:
            say_error(
                CorpusError("no report to compare on", hint="name reports, or give a corpus that sets some aside"), t
            )
        return SOME_FAILED
    with output(out, bom=to == "csv" and out is not None, screen=to == "terminal") as file:
        _WRITERS[to](difference, file, by, t)
    return SOME_FAILED if failures or difference.share > fail_above else OK


def _corpus(tagger: Tagger) -> Corpus | None:
    """The corpus at hand, where there is one with the model's labels."""
    from dudao import places
    from dudao.corpus import load_corpus

    try:
        return load_corpus(places.corpus_root(), tagger.taxonomy)
    except CorpusError:
        return None


def _documents(paths: Sequence[str], failures: list[DudaoError]) -> Iterator[Document]:
    from dudao.cli.inputs import Inputs

    for each in Inputs(paths).documents():
        if isinstance(each, DudaoError):
            failures.append(each)
        else:
            yield each


def _set_aside(corpus: Corpus | None) -> Iterator[Document]:
    from dudao.document import Document

    if corpus is not None:
        for report in dict.fromkeys(record.report for record in corpus.held_out):
            if report in corpus.texts:
                yield Document(corpus.texts[report], report)


def _metrics(
    taggers: tuple[Tagger, Tagger], refs: tuple[str, str], gold: Sequence[Path], corpus: Corpus | None
) -> tuple[dict[str, Any] | None, list[str]]:
    """Figures of both on the same records, and what to mind about them."""
    from dudao import store
    from dudao.corpus import read_records
    from dudao.modeldiff import paired_metrics

    records: Sequence[Record]
    notes: list[str] = []
    if gold:
        records = [record for path in gold for record in read_records(path, taggers[1].taxonomy)]
        if not records:
            raise CorpusError(
                "no record to evaluate on", where=", ".join(map(str, gold)), hint="records are JSON lines"
            )
    else:
        records = corpus.held_out if corpus is not None else ()
        if not records or corpus is None:
            return None, ["no labelled records at hand: give --gold GOLD.jsonl for figures"]
        notes.append(f"figures on {len({record.report for record in records})} reports that the corpus sets aside")
        notes += [
            f"model {tagger.model.version} was trained on another corpus than the one at hand: it may have learnt these records"
            for tagger, ref in zip(taggers, refs, strict=True)
            if store.resolve(ref).manifest().get("corpus", {}).get("sha256") != corpus.digest
        ]
    try:
        return paired_metrics(*taggers, records), notes
    except DudaoError as error:
        return None, [error.what]


def _terminal(difference: Difference, file: Any, by: str, t: Translate) -> None:
    from dudao.render.diff_terminal import print_difference

    print_difference(difference, console(file), t=t)


def _csv(difference: Difference, file: Any, by: str, t: Translate) -> None:
    from dudao.render.diff_table import write_changes, write_domains

    (write_domains if by == "domain" else write_changes)(difference, file)


def _html(difference: Difference, file: Any, by: str, t: Translate) -> None:
    from dudao.render.diff_html import page

    file.write(page(difference, t=t))


def _json(difference: Difference, file: Any, by: str, t: Translate) -> None:
    import json

    file.write(json.dumps(difference.to_dict(), ensure_ascii=False, indent=2) + "\n")


_WRITERS: dict[str, Callable[[Difference, Any, str, Translate], None]] = {
    "terminal": _terminal,
    "csv": _csv,
    "html": _html,
    "json": _json,
}
