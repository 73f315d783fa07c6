"""Master data as both sides tell it: what a source's ids mean, what an ERP's accounts demand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["AccountNeeds", "MasterRecord"]


@attrs.frozen
class MasterRecord:
    """One department, employee, account, currency … of a source or an ERP.

    :param kind: department, employee, account, currency, supplier, project, fee_type, invoice, …
    :param id: the system's own id.
    :param code: what people use; may be empty or repeated at a source.
    :param data: anything more, plain JSON values.

    .. versionadded:: 0.1
    """

    kind: str
    id: str
    code: str = ""
    name: str = ""
    active: bool = True
    data: Mapping[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class AccountNeeds:
    """What an account takes: exactly these dimensions (in our words), these foreign currencies, cash or not.

    :param dimensions: our dimension names; a superfluous one is refused as surely as a missing one.
    :param currencies: ISO codes of foreign currencies that it keeps; empty = functional only.
    """

    dimensions: frozenset[str] = frozenset()
    currencies: frozenset[str] = frozenset()
    cash: bool = False
    optional: frozenset[str] = frozenset()
