"""Documents are values: frozen, equal by content, silent about bank accounts."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import attrs
import pytest

from dougong.model import documents
from dougong.model.documents import Document, DocumentType, ExecutedPayment, Payee, SourceRef


@pytest.fixture
def document():
    return Document("hesi", "corp", "loan", "ID1", "J1", "paid", "CNY")


def test_its_identity_is_the_sources_and_has_no_revision(document):
    assert document.ref == SourceRef("hesi", "corp", "loan", "ID1")
    assert attrs.evolve(document, number="J2", state="void").ref == document.ref
    assert document.type in get_args(DocumentType)


def test_documents_cannot_be_changed(document):
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        document.state = "void"


def test_documents_can_be_kept_in_sets(document):
    assert len({document, attrs.evolve(document), attrs.evolve(document, state="void")}) == 2


def test_accounts_are_never_shown():
    payee = Payee("employee", "E001", Decimal(1), "6222000011112222")
    payment = ExecutedPayment("E001", Decimal(1), account="6222000011112222")
    assert "6222" not in repr(payee) + repr(payment)
    assert payee.account == payment.account


def test_whatever_a_source_may_say_more_has_a_place():
    parts = [getattr(documents, name) for name in documents.__all__]
    classes = [cls for cls in parts if attrs.has(cls) and cls is not SourceRef]
    assert len(classes) == 11
    assert all("extensions" in attrs.fields_dict(cls) for cls in classes)
