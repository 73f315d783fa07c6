"""A certificate for people: lines for the terminal, a page for the browser."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dougong import CONTRACT_VERSION
from dougong_sdk.conformance.rules import Level
from dougong_sdk.conformance.verdicts import Certificate, Verdict, Verdicts

__all__ = ["summary_lines", "write_html"]

_MARKS = {Verdicts.PASSED: "✓", Verdicts.FAILED: "✗", Verdicts.EXEMPT: "!", Verdicts.NOT_APPLICABLE: "–"}
#: In what order a page shows them.
_FIRST_TO_LAST = (Verdicts.FAILED, Verdicts.EXEMPT, Verdicts.PASSED, Verdicts.NOT_APPLICABLE)


def summary_lines(certificate: Certificate) -> Iterator[str]:
    """By level: how many rules are kept; each that is not, with what was seen and what to do."""
    for level in Level:
        of_level = [one for one in certificate.verdicts if one.rule.level is level]
        yield f"{level:7} {_figures(of_level)}"
        for one in of_level:
            if one.verdict in (Verdicts.FAILED, Verdicts.EXEMPT):
                yield f"  {_MARKS[one.verdict]} {one.rule.id} {one.rule.title.en} / {one.rule.title.zh}"
                yield f"    {one.verdict}: {one.reason}"
                if one.verdict is Verdicts.FAILED:
                    yield f"    → {one.rule.todo.en} / {one.rule.todo.zh}"
    failed = _sorted(certificate.verdicts, Verdicts.FAILED)
    if len(failed) > 1:
        yield f"begin with {failed[0].rule.id}, the others may follow from it"
    yield (
        f"{certificate.documents} documents pushed, {certificate.lost} lost, {certificate.doubled} doubled,"
        f" {certificate.seconds:.0f} s"
    )


def _figures(verdicts: Sequence[Verdict]) -> str:
    """`9 of 10 rules kept, 3 not applicable`."""
    kept = sum(one.verdict is Verdicts.PASSED for one in verdicts)
    other = sum(one.verdict is Verdicts.NOT_APPLICABLE for one in verdicts)
    return f"{kept} of {len(verdicts) - other} rules kept" + (f", {other} not applicable" if other else "")


def _sorted(verdicts: Iterable[Verdict], *chosen: Verdicts) -> list[Verdict]:
    """Those, failed ones first; a lower level before a higher one, each in the order in which they are tried."""
    among, levels = list(chosen), list(Level)
    found = [one for one in verdicts if one.verdict in among]
    return sorted(found, key=lambda one: (among.index(one.verdict), levels.index(one.rule.level)))


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{name}: {title}</title>
<style>
body {{ font: 15px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; margin: 2rem auto; max-width: 64rem;
  padding: 0 1rem; color: #1d2430 }}
h1 {{ font-size: 1.5rem; margin-bottom: .2rem }}
p.figures {{ color: #566 }}
table {{ border-collapse: collapse; width: 100% }} td, th {{ text-align: left; vertical-align: top;
  padding: .4rem .6rem; border-bottom: 1px solid #dde }}
td:first-child {{ font-family: ui-monospace, monospace; white-space: nowrap }}
.zh {{ color: #566 }} .reason {{ color: #566; font-size: .9em; overflow-wrap: anywhere }}
.passed {{ color: #17713a }} .failed {{ color: #b3261e; font-weight: 600 }} .exempt {{ color: #8a5a00 }}
.not_applicable {{ color: #889 }}
@media (max-width: 40rem) {{ thead {{ display: none }} tr {{ display: block; padding: .6rem 0;
  border-bottom: 1px solid #dde }} td {{ display: block; border: 0; padding: .1rem 0 }} }}
@media (prefers-color-scheme: dark) {{ body {{ background: #14181f; color: #dde3ec }}
  td, th {{ border-color: #2c3440 }} .zh, .reason, p.figures {{ color: #9aa7b8 }} .passed {{ color: #5fce8a }}
  .failed {{ color: #ff8a80 }} .exempt {{ color: #f0c060 }} }}
</style>
<h1>{name} {version}: {title}</h1>
<p class="figures">{documents} documents pushed · {lost} lost · {doubled} doubled · {seconds:.0f} s · {date} ·
contract {contract}<br>{figures}</p>
<table><thead><tr><th>Rule<th>Level<th>Demand<th>Verdict</thead><tbody>
{rows}
</tbody></table></html>
"""
_ROW = """<tr><td>{id}<td>{level}<td>{en}<br><span class="zh">{zh}</span>{more}
<td class="{verdict}">{mark} {words}{reason}"""


def write_html(certificate: Certificate, path: Path) -> None:
    """A page of its own: no script, nothing fetched."""
    page = _PAGE.format(
        name=html.escape(certificate.connector),
        version=html.escape(certificate.version),
        title=html.escape(certificate.title),
        documents=certificate.documents,
        lost=certificate.lost,
        doubled=certificate.doubled,
        seconds=certificate.seconds,
        date=f"{certificate.date[:16].replace('T', ' ')} UTC",
        contract=CONTRACT_VERSION,
        figures="<br>".join(
            f"{level}: {_figures([one for one in certificate.verdicts if one.rule.level is level])}" for level in Level
        ),
        rows="\n".join(map(_row, _sorted(certificate.verdicts, *_FIRST_TO_LAST))),
    )
    path.write_text(page, encoding="utf-8")


def _row(one: Verdict) -> str:
    rule = one.rule
    texts = [f"{html.escape(text.en)}<br>{html.escape(text.zh)}" for text in (rule.why, rule.todo)]
    todo = f'<div class="reason">{texts[0]}</div><div class="reason">→ {texts[1]}</div>'
    return _ROW.format(
        id=rule.id,
        level=rule.level,
        en=html.escape(rule.title.en),
        zh=html.escape(rule.title.zh),
        more=todo if one.verdict is Verdicts.FAILED else "",
        verdict=one.verdict,
        mark=_MARKS[one.verdict],
        words=str(one.verdict).replace("_", " ") + (f", tried in {one.cells} ways" if one.cells > 1 else ""),
        reason=f'<div class="reason">{html.escape(one.reason)}</div>' if one.reason else "",
    )
