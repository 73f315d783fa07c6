"""What the pages are compared with: codes as the source names them."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

sys.path.insert(0, str(Path(__file__).parent))  # the pages' blocks are read in one way

_CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
#: Fields of Kingdee's forms, services of SAP, columns and jobs of Oracle, words of protocols: capitals, too, but no
#: codes of problems.
_OTHERS = re.compile(
    r"F[A-Z]+|BD_\w+|DOUGONG_\w+|JOURNAL_ENTRY|API_\w+_SRV|NFKC|POST|PYTHONPATH|LC_\w+"
    r"|GL_INTERFACE|AP_INVOICES_INTERFACE|GROUP_ID|CURRENCY_CODE|CHILD|(SUMMARY)?STATUS"
    r"|AMOUNT|INVOICE_AMOUNT|DOCUMENTNAME|REQUESTID|JOBPATH|DESCRIPTION"
)


def _codes(tree: ast.AST) -> set[str]:
    """Texts in capitals that are arguments of a call, or that `code` is set to."""
    found: set[str] = set()
    for node in ast.walk(tree):
        values: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            values = list(node.args)
        elif isinstance(node, ast.FunctionDef):
            arguments = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            values = [default for argument, default in arguments if argument.arg == "code"]
        elif isinstance(node, ast.keyword):
            values = [node.value] if node.arg == "code" else []
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            values = [node.value] if [getattr(target, "id", "") for target in targets] == ["code"] else []
        for value in values:
            for item in [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]:
                if isinstance(item, ast.Constant) and isinstance(item.value, str):
                    found.add(item.value)
    return {text for text in found if len(text) > 4 and _CODE.fullmatch(text) and not _OTHERS.fullmatch(text)}


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def codes_in_source() -> set[str]:
    """Every problem code of core, SDK and connectors; emulated ERPs speak their own language."""
    found: set[str] = set()
    for source in (ROOT / "core" / "src", ROOT / "sdk" / "src", *ROOT.glob("connectors/*/src")):
        for file in source.rglob("*.py"):
            if "sandbox" not in file.parts:
                found |= _codes(ast.parse(file.read_text("utf-8")))
        for file in source.rglob("errors.toml"):
            content = tomllib.loads(file.read_text("utf-8"))
            entries = [*content["messages"], *content["codes"].values()]
            found |= {entry["code"] for entry in entries if "code" in entry}
    return found
