"""The connector under test, as its package and its hooks describe it; rules ask it whether they apply."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import resources

import attrs

from dougong.model.operations import Ambiguity, Operation
from dougong.model.postings import Stage
from dougong.plugins import Door, Entry
from dougong_sdk.sandbox import Sandbox

__all__ = ["Subject", "exemptions"]

#: Hooks that a level tells when they are missing: "gold, without find".
_CAPABILITIES = ("find", "complete", "list_postings")


@attrs.frozen(eq=False, slots=False)
class Subject:
    """A connector in front of its sandbox.

    :param entry: the row of the catalogue. :param door: to a connection of it.
    :param sandbox: the emulated ERP, where one is installed.

    .. versionadded:: 0.1
    """

    entry: Entry
    door: Door
    sandbox: type[Sandbox] | None = None

    @property
    def page_setting(self) -> str:
        """Key of the sandbox's settings with the most rows of one page; empty where it has none."""
        return self.sandbox.page_setting if self.sandbox else ""

    @property
    def pushes(self) -> Sequence[str]:
        """Kinds of messages that the ERP pushes by itself."""
        return self.sandbox.pushes if self.sandbox else ()

    @property
    def name(self) -> str:
        """Product name, as in `--connector NAME`."""
        return self.entry.name

    def can(self, hook: str) -> bool:
        """Whether it implements a hook."""
        return self.door.supports(hook)

    @cached_property
    def create(self) -> Operation | None:
        """The operation that creates vouchers, if it has one."""
        return next((one for one in self.door.operations if (one.books, one.verb) == ("voucher", "create")), None)

    @property
    def creating(self) -> Operation:
        """The operation that creates vouchers, in rules that apply only where there is one."""
        if self.create is None:
            raise LookupError(f"{self.name} creates no vouchers")
        return self.create

    @property
    def ambiguity(self) -> Ambiguity:
        """What an unknown outcome of creating allows."""
        return self.creating.safety.ambiguity

    @property
    def top(self) -> Stage:
        """The highest stage that can be reached by its operation."""
        return self.creating.stages[-1]

    @property
    def steps(self) -> bool:
        """Whether a voucher that was created still has stages before it, which `complete` brings it through."""
        return self.create is not None and self.can("complete") and len(self.create.stages) > 1

    @property
    def without(self) -> tuple[str, ...]:
        """What the product cannot do, for the level's line in a report."""
        if self.create is None:
            return ("create",)
        return tuple(hook for hook in _CAPABILITIES if not self.can(hook))

    # -- why a rule does not apply ------------------------------------------------------------------------------------

    def lacks_create(self) -> str:
        """For rules about writing."""
        return "" if self.create is not None else "it creates no vouchers"

    def lacks(self, *hooks: str) -> str:
        """For rules about hooks of a connector that writes."""
        missing = [hook for hook in hooks if not self.can(hook)]
        return self.lacks_create() or (f"it has no {', '.join(missing)}" if missing else "")

    def lacks_waiting(self, hook: str) -> str:
        """For rules about an ERP that takes a voucher now and answers later.

        :param hook: by which the answer is known, `poll` or `read_callback`.
        """
        at_once = self.create is not None and not self.create.waits
        return self.lacks(hook) or ("its push answers at once" if at_once else "")

    def lacks_steps(self) -> str:
        """For rules about the way from stage to stage."""
        alone = self.create is not None and len(self.create.stages) < 2
        return self.lacks("complete") or ("its vouchers have one stage only" if alone else "")

    def lacks_batches(self) -> str:
        """For rules about several vouchers in one message."""
        alone = self.create is not None and self.door.batch(self.create) < 2
        return self.lacks_create() or ("it sends one voucher per message" if alone else "")

    def lacks_pages(self) -> str:
        """For rules about more rows than one page holds."""
        return "" if self.page_setting else "its sandbox has no setting for the size of a page"


def exemptions(entry: Entry) -> Mapping[str, str]:
    """Rules that a package asks to be let off, with its reasons: table `exempt` of its `conformance.toml`.

    :raises ValueError: a rule without a reason, or a file that is no TOML.
    """
    if entry.point is None:
        return {}
    file = resources.files(entry.point.module.partition(".")[0]).joinpath("conformance.toml")
    if not file.is_file():
        return {}
    told = tomllib.loads(file.read_text("utf-8")).get("exempt", {})
    empty = sorted(name for name, reason in told.items() if not (isinstance(reason, str) and reason.strip()))
    if empty:
        raise ValueError(f"conformance.toml: {', '.join(empty)} without a reason")
    return dict(told)
