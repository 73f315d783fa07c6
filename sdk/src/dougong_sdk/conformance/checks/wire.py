"""WIRE: what passes between connector and ERP can be kept without secrets, and played back without the ERP."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from dougong.model.problems import DougongError
from dougong_sdk.conformance.exchange import play, recorded
from dougong_sdk.conformance.rules import Level, Violation, expect, rule
from dougong_sdk.conformance.subject import Subject

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Lab


@rule(
    "WIRE-001",
    Level.SILVER,
    title=(
        "一张凭证的往来可录制、不含密钥, 并可在没有 ERP 时重放",
        "A voucher's exchange can be recorded without secrets, and replayed without the ERP",
    ),
    why=(
        "客户现场的问题要靠录制重现; 录制里的密钥会流出去",
        "what goes wrong at a customer's is reproduced from a recording, and a secret in one leaves the house",
    ),
    todo=(
        "会话使用 RestSession 或 SoapSession 并交出 secrets; 包内 recording.toml 补充要隐去与不比较的名称",
        "use RestSession or SoapSession and give it the secrets; name what to hide or not to compare in recording.toml",
    ),
    needs=Subject.lacks_create,
)
def records_and_replays(lab: Lab, cell: str) -> None:
    """With `--record` or `--replay` in that folder; else in one that is thrown away."""
    if lab.wire is not None and lab.wire.way == "replay":
        _played(lab, lab.wire.folder)
    elif lab.wire is not None:
        recorded(lab, lab.wire.folder)
    else:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "recording"
            recorded(lab, place)
            text = "".join(path.read_text("utf-8") for path in place.iterdir())
            leaked = [name for name, secret in lab.secrets().items() if secret in text]
            expect(not leaked, f"secrets stand in the recording: {', '.join(leaked)}")
            _played(lab, place)


def _played(lab: Lab, folder: Path) -> None:
    try:
        play(lab, folder)
    except DougongError as error:
        raise Violation(str(error)) from error
