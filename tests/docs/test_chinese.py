"""Chinese texts speak Chinese: states, moments and stages by the words of the field, not by our names for them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dougong.accounting import OPENED
from dougong.ledger.states import DeliveryState, DocumentState
from dougong.model import words
from dougong.model.postings import Stage
from dougong.reconcile.compare import Verdict

_ROOT = Path(__file__).resolve().parents[2]
_SOURCES = sorted(
    path
    for folder in ("core/src", "sdk/src/dougong_sdk", *(str(one) for one in _ROOT.glob("connectors/*/src")))
    for path in (_ROOT / folder).rglob("*.py")
    if not {"sandbox", "conformance", "scaffold"} & set(path.parts)
)
_CHINESE = re.compile("[\u4e00-\u9fff]")
#: What has a word in `dougong.model.words`; its name never stands in a Chinese sentence.
_NAMES = re.compile(r"(^|\.)(state|moment|stage|verdict|target_stage|document_type|document\.type|ref\.type)(\.name)?$")
#: A key of a rules file, which people type as it is.
_KEY = "[moments.{moment}]"


def _sentences(tree: ast.AST) -> Iterator[tuple[int, str, list[str]]]:
    """(line, sentence, what is filled in) of Chinese texts that are put together."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            filled = [ast.unparse(one.value) for one in node.values if isinstance(one, ast.FormattedValue)]
            text = ast.unparse(node)
            if _CHINESE.search(text):
                yield node.lineno, text, filled


def test_names_of_states_and_moments_stand_in_no_chinese_sentence():
    assert len(_SOURCES) > 200
    found = [
        f"{path.relative_to(_ROOT)}:{line}: {text}"
        for path in _SOURCES
        for line, text, filled in _sentences(ast.parse(path.read_text("utf-8")))
        if _KEY not in text and any(_NAMES.search(one) for one in filled)
    ]
    assert not found, "say it by a word of dougong.model.words"


@pytest.mark.parametrize(
    ("word", "names"),
    [
        (words.state, [*DeliveryState, *DocumentState]),
        (words.stage, list(Stage)),
        (words.moment, [*OPENED, "difference", "reversal"]),
        (words.document, ["expense", "payment_request", "loan", "repayment", "provision", "voucher"]),
        (words.verdict, list(Verdict)),
    ],
    ids=["state", "stage", "moment", "document", "verdict"],
)
def test_every_name_has_a_chinese_word(word, names):
    said = {name: word(name).zh for name in names}
    assert {name for name, zh in said.items() if re.search("[a-z]", zh)} == set()
