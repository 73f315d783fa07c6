"""What rules say and this version does not do yet: `dougong check` tells it, so that nobody relies on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dougong.accounting.moments import OPENED
from dougong.accounting.rulefile import Moment, RuleSet
from dougong.model.problems import Text

__all__ = ["deferred"]

#: Section, key → the value that is what happens anyway, and what does happen.
_POLICIES: Mapping[tuple[str, str], tuple[str, Text]] = {
    ("changes", "change"): (
        "hold",
        Text("入账后变更的单据挂起, 由人处理", "a document that changed after its voucher is held for a person"),
    ),
    ("changes", "withdraw"): (
        "hold",
        Text("入账后撤回的单据挂起, 由人处理", "a document withdrawn after its voucher is held for a person"),
    ),
    ("currency", "gain_side"): (
        "",
        Text("尚不生成汇兑差额分录; 有差额的单据挂起", "no exchange difference is booked yet; its document is held"),
    ),
}


def deferred(rules: RuleSet) -> tuple[Text, ...]:
    """One sentence per policy and moment of a rules file that is read and has no effect yet.

    The sentences name section and key; the caller names the file (`rules.path`).

    .. versionadded:: 0.1
    """
    return (*_policies(rules), *(text for moment in rules.moments.values() for text in _moment(moment)))


def _policies(rules: RuleSet) -> Iterator[Text]:
    for (section, key), (as_done, what) in _POLICIES.items():
        value = getattr(getattr(rules, section), key)
        if value != as_done:
            yield _about(f'[{section}] {key} = "{value}"', what)


def _moment(moment: Moment) -> Iterator[Text]:
    """A moment that nothing opens, or keys of one that is opened."""
    section = f"[moments.{moment.name}]"
    if moment.owner != "dougong":
        return
    if moment.name not in OPENED:
        yield _about(section, Text("尚不生成此时点的凭证", "no voucher is made at this moment yet"))
        return
    held = Text("尚不支持; 此时点的凭证挂起", "not supported yet; vouchers of this moment are held")
    no_effect = Text("尚不起作用", "has no effect yet")
    if moment.target != "voucher":
        yield _about(f'{section} target = "{moment.target}"', held)
    if moment.merge != "none":
        yield _about(f'{section} merge = "{moment.merge}"', held)
    if moment.mirrors:
        yield _about(f'{section} mirrors = "{moment.mirrors}"', held)
    if moment.after:
        yield _about(f'{section} after = "{moment.after}"', no_effect)


def _about(subject: str, what: Text) -> Text:
    return Text(f"{subject}: {what.zh}", f"{subject}: {what.en}")
