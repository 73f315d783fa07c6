"""What rules say and this version does not do yet: `dougong check` tells it, so that nobody relies on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dougong.accounting.moments import OPENED
from dougong.accounting.rulefile import Moment, RuleSet
from dougong.model.problems import Text

__all__ = ["deferred"]


#: Section, key, value → what happens in its place.
_POLICIES: Mapping[tuple[str, str, str], Text] = {
    ("changes", "approval", "second_person"): Text(
        "尚不要求第二人复核; 红冲与补差按规则自动进行", "no second person is asked; corrections go by the rules"
    ),
    ("changes", "draft", "void"): Text(
        "与 delete 相同: 草稿在 ERP 中被删除", "the same as delete: the draft is deleted in the ERP"
    ),
}


def deferred(rules: RuleSet) -> tuple[Text, ...]:
    """One sentence per policy and moment of a rules file that is read and has no effect yet.

    The sentences name section and key; the caller names the file (`rules.path`).

    .. versionadded:: 0.1
    """
    return (*_policies(rules), *(text for moment in rules.moments.values() for text in _moment(moment)))


def _policies(rules: RuleSet) -> Iterator[Text]:
    for (section, key, value), what in _POLICIES.items():
        if getattr(getattr(rules, section), key) == value:
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
    if moment.target != "voucher":
        yield _about(f'{section} target = "{moment.target}"', held)


def _about(subject: str, what: Text) -> Text:
    return Text(f"{subject}: {what.zh}", f"{subject}: {what.en}")
