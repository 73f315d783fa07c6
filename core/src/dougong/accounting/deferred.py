"""What rules say and this version does not do yet: `dougong check` tells it, so that nobody relies on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dougong.accounting.moments import OPENED
from dougong.accounting.rulefile import Moment, RuleSet
from dougong.model.problems import Text

__all__ = ["deferred"]

#: Section, key → the value that is what happens anyway, and what does happen.
_POLICIES: Mapping[tuple[str, str], tuple[str, Text]] = {
    ("dates", "closed_period"): (
        "",
        Text(
            "尚不读取已结账期间; 凭证日期不变, 期间已结账时由 ERP 拒绝",
            "closed periods are not read yet; dates stay, and the ERP refuses a voucher of a closed period",
        ),
    ),
    ("dates", "sequence"): (
        "",
        Text("尚不读取 ERP 的末张凭证日期; 凭证日期不变", "the ERP's last voucher date is not read yet; dates stay"),
    ),
    ("dates", "prior_year"): (
        "current",
        Text("尚不区分跨年费用; 按原科目记入事实日期", "costs of another year take their usual account and date"),
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
    if moment.closed_period:
        yield _about(f'{section} closed_period = "{moment.closed_period}"', no_effect)


def _about(subject: str, what: Text) -> Text:
    return Text(f"{subject}: {what.zh}", f"{subject}: {what.en}")
