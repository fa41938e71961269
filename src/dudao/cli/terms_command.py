"""``dudao corpus terms``."""

from __future__ import annotations

import csv
from pathlib import Path

import click

from dudao.cli.common import (
    OK,
    SOME_FAILED,
    jobs_option,
    model_option,
    out_option,
    output,
    paths_argument,
    say,
    say_error,
)
from dudao.errors import DudaoError
from dudao.language import Translate

_COLUMNS = ("term", "domains", "kind", "year", "uses", "reports", "example")  # a glossary's, then what to judge by


def build(t: Translate) -> click.Command:
    """The command in one language."""
    return click.Command(
        "terms",
        callback=lambda paths, out, model, least, jobs: terms_command(
            paths, out=out, model=model, least=least, jobs=jobs, t=t
        ),
        help=t(
            "New terms of reports, which the model does not know, as a glossary to look through and to append.",
            "找出报告中模型不认识的新术语，输出为术语表格式，核对后可并入术语表。",
        ),
        epilog=t(
            "Example: dudao corpus terms reports/ -o new.tsv", "示例：dudao corpus terms 报告文件夹 -o 新术语.tsv"
        ),
        params=[
            paths_argument(),
            out_option(t, metavar="FILE.tsv"),
            model_option(t),
            click.Option(
                ["--least"],
                type=click.IntRange(min=1),
                default=3,
                show_default=True,
                help=t("How often a term has to stand in the reports.", "术语至少出现的次数。"),
            ),
            jobs_option(t),
        ],
    )


def terms_command(paths: tuple[str, ...], *, out: Path | None, model: str, least: int, jobs: int, t: Translate) -> int:
    """Tag the reports and print what comes again and is not known."""
    from dudao import places
    from dudao.cli.inputs import Inputs
    from dudao.corpus import read_glossary
    from dudao.newterms import TermFinder, example_of
    from dudao.render.cells import safe_cell
    from dudao.tagger import Tagger

    tagger = Tagger.load(model)
    finder = TermFinder(tagger.classifier)
    read = failed = 0
    for result in Inputs(paths).tagged(tagger, jobs=jobs, t=t):
        if isinstance(result, DudaoError):
            failed += 1
            say_error(result, t)
            continue
        for report in result.reports:
            finder.add(report)
            read += 1
    glossary = places.corpus_root() / "glossary.tsv"
    known = [term.term for term in read_glossary(glossary, tagger.taxonomy)] if glossary.is_file() else []
    terms = finder.found(least=least, known=known)
    if read:
        with output(out, bom=out is not None) as file:
            table = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
            table.writerow(_COLUMNS)
            for each in terms:
                example = safe_cell(example_of(each))
                table.writerow((each.term, ",".join(each.domains), "", "", each.uses, each.reports, example))
        say(t(f"{len(terms)} new terms in {read} reports", f"{read} 份报告中有 {len(terms)} 个新术语"))
    return SOME_FAILED if failed else OK
