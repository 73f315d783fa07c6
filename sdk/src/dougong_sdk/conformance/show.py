"""A certificate for people: lines for the terminal, a page for the browser."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

from dougong_sdk.conformance.rules import Level
from dougong_sdk.conformance.verdicts import Certificate, Verdict, Verdicts

__all__ = ["summary_lines", "write_html"]

_MARKS = {Verdicts.PASSED: "✓", Verdicts.FAILED: "✗", Verdicts.EXEMPT: "!", Verdicts.NOT_APPLICABLE: "–"}


def summary_lines(certificate: Certificate) -> Iterator[str]:
    """By level: how many rules are kept; each that is not, with what was seen and what to do."""
    for level in Level:
        of_level = [one for one in certificate.verdicts if one.rule.level is level]
        kept = sum(one.verdict is Verdicts.PASSED for one in of_level)
        other = sum(one.verdict is Verdicts.NOT_APPLICABLE for one in of_level)
        yield f"{level:7} {kept} of {len(of_level) - other} rules kept" + (f", {other} not applicable" if other else "")
        for one in of_level:
            if one.verdict in (Verdicts.FAILED, Verdicts.EXEMPT):
                yield f"  {_MARKS[one.verdict]} {one.rule.id} {one.rule.title.en} / {one.rule.title.zh}"
                yield f"    {one.verdict}: {one.reason}"
                if one.verdict is Verdicts.FAILED:
                    yield f"    → {one.rule.todo.en} / {one.rule.todo.zh}"
    yield (
        f"{certificate.documents} documents pushed, {certificate.lost} lost, {certificate.doubled} doubled,"
        f" {certificate.seconds:.0f} s"
    )


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{name}: {title}</title>
<style>
body {{ font: 15px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; margin: 2rem auto; max-width: 64rem;
  padding: 0 1rem; color: #1d2430 }}
h1 {{ font-size: 1.5rem; margin-bottom: .2rem }} .level {{ text-transform: capitalize }}
p.figures {{ color: #566 }}
table {{ border-collapse: collapse; width: 100% }} td, th {{ text-align: left; vertical-align: top;
  padding: .4rem .6rem; border-bottom: 1px solid #dde }}
td:first-child {{ font-family: ui-monospace, monospace; white-space: nowrap }}
.zh {{ color: #566 }} .reason {{ color: #566; font-size: .9em; overflow-wrap: anywhere }}
.passed {{ color: #17713a }} .failed {{ color: #b3261e; font-weight: 600 }} .exempt {{ color: #8a5a00 }}
.not_applicable {{ color: #889 }}
@media (prefers-color-scheme: dark) {{ body {{ background: #14181f; color: #dde3ec }}
  td, th {{ border-color: #2c3440 }} .zh, .reason, p.figures {{ color: #9aa7b8 }} .passed {{ color: #5fce8a }}
  .failed {{ color: #ff8a80 }} .exempt {{ color: #f0c060 }} }}
</style>
<h1>{name} {version}: <span class="level">{title}</span></h1>
<p class="figures">{documents} documents pushed · {lost} lost · {doubled} doubled · {seconds:.0f} s</p>
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
        rows="\n".join(map(_row, certificate.verdicts)),
    )
    path.write_text(page, encoding="utf-8")


def _row(one: Verdict) -> str:
    rule = one.rule
    todo = f'<div class="reason">→ {html.escape(rule.todo.en)}<br>{html.escape(rule.todo.zh)}</div>'
    return _ROW.format(
        id=rule.id,
        level=rule.level,
        en=html.escape(rule.title.en),
        zh=html.escape(rule.title.zh),
        more=todo if one.verdict is Verdicts.FAILED else "",
        verdict=one.verdict,
        mark=_MARKS[one.verdict],
        words=str(one.verdict).replace("_", " ") + (f" ({one.cells})" if one.cells > 1 else ""),
        reason=f'<div class="reason">{html.escape(one.reason)}</div>' if one.reason else "",
    )
