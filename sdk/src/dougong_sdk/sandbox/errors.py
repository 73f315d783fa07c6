"""What can go wrong between a person and a sandbox, as opposed to between a client and the emulated ERP."""

from __future__ import annotations

__all__ = ["SandboxError"]


class SandboxError(Exception):
    """A sandbox was asked for something that it cannot do; the text says what to do instead.

    Raised for a wrong setting, seed, fault or hand order and for a sandbox that does not start. Errors of the
    emulated ERP itself are never exceptions here: they travel in the ERP's own envelope.

    :param zh: the message in Chinese.
    :param en: the same message in English.
    :param status: the HTTP status with which the ``/_sandbox`` plane reports it.

    .. versionadded:: 0.1
    """

    def __init__(self, zh: str, en: str, *, status: int = 422) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en
        self.status = status
