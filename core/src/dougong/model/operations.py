"""What a connector can do, declared once: operations with safety and limits (contract.md §3, posting-rules.md §6)."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import attrs

from dougong.model.identity import CROCKFORD
from dougong.model.postings import Stage

__all__ = ["Ambiguity", "Limits", "Operation", "Reference", "Safety"]


class Ambiguity(StrEnum):
    """What an unknown outcome allows (reliability.md §3)."""

    A = "A"  # the ERP remembers our key for good: resend
    B = "B"  # … for a limited time: resend inside the window, then as D
    C = "C"  # the ERP refuses a second document with the same key: resend, then fetch and compare
    D = "D"  # it can only be searched: wait the settle time, search twice, then resend
    E = "E"  # neither: never resend by machine


@attrs.frozen
class Reference:
    """Where and how core writes our reference into the payload.

    :param field: path in the payload, e.g. `FEntity[0].FEXPLANATION`; empty = the connector's message carries it
        elsewhere.
    :param max_length: room for the reference itself.
    :param alphabet: characters that the field takes.
    :param shape: how the key is written.
    :param append: the field also holds a text for people; the reference goes behind it, never over it.
    """

    field: str
    max_length: int = 20
    alphabet: str = CROCKFORD
    shape: Literal["text", "uuid", "number"] = "text"
    append: bool = False


@attrs.frozen
class Safety:
    """What core may do when it does not know.

    :param settle: seconds after the last byte during which the ERP may still be at work; a connection may override it.
    :param window: class B: seconds during which the ERP remembers a key.
    """

    ambiguity: Ambiguity
    reference: Reference | None = None
    settle: float = 120.0
    window: float = 0.0


@attrs.frozen
class Limits:
    """What the target can take; rules and plan hold what exceeds it, nothing is ever cut silently.

    :param batch: most items in one message.
    :param max_lines: most lines of one document; `max_summary` most characters of a line's text.
    :param forbidden: characters that the ERP refuses in texts.
    :param voucher_currency: `line` or `document` (posting-rules.md §6).
    :param negative_lines: whether red lines with negative amounts are taken.
    :param sequence_control: whether the ERP keeps the vouchers of a type and period in the order of their dates (序时).
    :param drops: facts of a voucher line that the target has no field for (`check` lists them).
    """

    batch: int = 1
    max_lines: int = 999
    max_summary: int = 200
    forbidden: str = ""
    voucher_currency: Literal["line", "document"] = "line"
    negative_lines: bool = True
    zero_lines: bool = False
    sequence_control: bool = False
    drops: tuple[str, ...] = ()


@attrs.frozen
class Operation:
    """A target type and a verb of one connector.

    :param target_type: the ERP's own name, e.g. `GL_VOUCHER`; `books` what kind of booking it takes (`voucher`).
    :param verb: `create` or `reverse`.
    :param waits: whether `push` may answer `Waiting`: the ERP takes it now and works on it later.
    :param stages: the ladder reachable by API, lowest first; the first is where `push` leaves a new posting.

    .. versionadded:: 0.1
    """

    target_type: str
    verb: Literal["create", "reverse"]
    safety: Safety
    stages: tuple[Stage, ...]
    books: str = "voucher"
    limits: Limits = Limits()
    deadline: float = 60.0
    waits: bool = True

    @property
    def name(self) -> str:
        """`GL_VOUCHER.create`."""
        return f"{self.target_type}.{self.verb}"

    def highest(self, wanted: Stage) -> Stage:
        """The highest stage that is not above the wanted one; where there is none, the one that creating leaves it at.

        .. versionadded:: 0.1
        """
        return max(
            (stage for stage in self.stages if stage.rank <= wanted.rank),
            key=lambda stage: stage.rank,
            default=self.stages[0],
        )
