"""What rules say and this version does not do yet: `dougong check` tells it, so that nobody relies on it."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.accounting.moments import OPENED
from dougong.accounting.rulefile import Moment, RuleSet
from dougong.model.problems import Text

__all__ = ["deferred"]


def deferred(rules: RuleSet) -> tuple[Text, ...]:
    """One sentence per moment of a rules file that is read and has no effect yet.

    The sentences name section and key; the caller names the file (`rules.path`).

    .. versionadded:: 0.1
    """
    return tuple(text for moment in rules.moments.values() for text in _moment(moment))


def _moment(moment: Moment) -> Iterator[Text]:
    """A moment that nothing opens, or keys of one that is opened."""
    section = f"[moments.{moment.name}]"
    if moment.owner != "dougong":
        return
    if moment.name not in OPENED:
        yield _about(section, Text("尚不生成此时点的凭证", "no voucher is made at this moment yet"))
        return
    held = Text("尚不支持; 此时点的凭证挂起", "not supported yet; vouchers of this moment are held")
    if moment.target != "voucher":
        yield _about(f'{section} target = "{moment.target}"', held)


def _about(subject: str, what: Text) -> Text:
    return Text(f"{subject}: {what.zh}", f"{subject}: {what.en}")
