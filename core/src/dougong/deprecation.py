"""What goes away, and when: each entry says since when, removed in which version, and what to use instead.

Code that is on its way out calls `warn` with the name of its entry. A test fails when the version reaches a removal
whose entry is still here, so that nothing stays longer, or goes earlier, than was said.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping

import attrs

from dougong.model.problems import Text

__all__ = ["DEPRECATED", "NOTICE", "Deprecation", "DougongDeprecationWarning", "declare", "overdue", "warn"]

#: Minor releases between the first warning and the removal, at least.
NOTICE = 2


class DougongDeprecationWarning(FutureWarning):
    """Something of Dougong's that a connector or project uses goes away; shown by default, unlike a DeprecationWarning.

    .. versionadded:: 0.1
    """


@attrs.frozen(kw_only=True)
class Deprecation:
    """One thing that goes away.

    :param name: as its users write it: `Limits.zero_lines`, `[plugins] only`.
    :param since: version that warns first, as `0.3`. :param removed: version that is without it.
    :param instead: what to use or do.
    :raises ValueError: no two minor releases lie between.

    .. versionadded:: 0.1
    """

    name: str
    since: str
    removed: str
    instead: Text

    def __attrs_post_init__(self) -> None:
        (major, minor), end = _release(self.since), _release(self.removed)
        if end < (major + 1, 0) and end < (major, minor + NOTICE):
            raise ValueError(
                f"{self.name}: removed in {self.removed}, less than {NOTICE} minor releases after {self.since}"
            )

    @property
    def message(self) -> Text:
        """What the warning says."""
        return Text(
            f"{self.name} 自 {self.since} 起弃用, 将在 {self.removed} 移除; 请改用: {self.instead.zh}",
            f"{self.name} is deprecated since {self.since} and removed in {self.removed}; instead: {self.instead.en}",
        )


def declare(*entries: Deprecation) -> Mapping[str, Deprecation]:
    """Entries by name."""
    return {entry.name: entry for entry in entries}


#: Everything that goes away; nothing does today.
DEPRECATED = declare()


def warn(name: str, *, stacklevel: int = 2, among: Mapping[str, Deprecation] = DEPRECATED) -> None:
    """Tell whoever uses something that goes away, in both languages: its author may read either.

    :param name: of an entry. :param stacklevel: 2 is the caller of the function that warns.
    :raises KeyError: nobody has declared it.

    .. versionadded:: 0.1
    """
    message = among[name].message
    warnings.warn(f"{message.en} / {message.zh}", DougongDeprecationWarning, stacklevel=stacklevel + 1)


def overdue(version: str, entries: Iterable[Deprecation]) -> list[str]:
    """Names of what a version must be without, and still has.

    .. versionadded:: 0.1
    """
    return [entry.name for entry in entries if _release(entry.removed) <= _release(version)]


def _release(version: str) -> tuple[int, int]:
    """Major and minor; a development version counts as the release that it becomes."""
    major, minor = version.split(".")[:2]
    return int(major), int(minor)
