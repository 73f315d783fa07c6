"""The lines of a report and who bears them (费用明细, 分摊)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from dougong.model.documents import Line, PaidBy, Split
from dougong.model.masterdata import MasterRecord
from dougong.model.money import plain
from dougong.model.problems import InputError, Problem
from dougong_hesi.invoices import Invoices
from dougong_hesi.lookup import dimension_kind
from dougong_hesi.privacy import mask, mask_text
from dougong_hesi.reading import Fields, Reading, fields, first_text, items
from dougong_hesi.values import day, exact

__all__ = ["read_lines"]

_DEPARTMENTS = ("expenseDepartment",)


def read_lines(reading: Reading, invoices: Invoices, paid_by: PaidBy | None) -> tuple[Line, ...]:
    """Every line whose amount can be read; the others leave a problem.

    :param invoices: collects what the lines claim.
    :param paid_by: who has paid all lines already (企业统付), if anybody.
    """
    details = items(reading.form.get("details"), "form.details")
    lines = (_line(reading, invoices, paid_by, detail, index) for index, detail in enumerate(details))
    return tuple(line for line in lines if line is not None)


def _line(reading: Reading, invoices: Invoices, paid_by: PaidBy | None, detail: Fields, index: int) -> Line | None:
    at = f"form.details[{index}]"
    path = f"{at}.feeTypeForm"
    form = fields(detail.get("feeTypeForm"), path)
    amount = reading.money(form.get("amount"), f"{path}.amount")
    if amount is None:
        if form.get("amount") in (None, ""):
            reading.findings.add(_no_amount().at(f"{path}.amount"))
        return None
    foreign = amount.foreign is not None
    period = fields(form.get("feeDatePeriod"), f"{path}.feeDatePeriod")
    reasons = form.get("consumptionReasons")
    return Line(
        id=str(form.get("detailId") or index + 1),
        fee_type=_fee_type(reading, detail, at),
        gross=amount.standard if amount.foreign is None else amount.foreign,
        currency=amount.foreign_currency if foreign else None,
        rate=amount.rate,
        base=amount.standard if foreign else None,
        expense_date=day(form.get("feeDate"), reading.zone) or day(period.get("end"), reading.zone),
        reason=mask_text(reasons) if isinstance(reasons, str) and reasons else None,
        invoices=invoices.shares(form, amount.standard, path),
        splits=_splits(reading, form, amount.standard, path),
        paid_by=paid_by,
        extensions={name: mask(value, name) for name, value in form.items() if name.startswith("u_")},
    )


def _fee_type(reading: Reading, detail: Fields, path: str) -> str:
    """The customer's word for the fee type: of the record that the detail carries, else of the companion answer."""
    use = reading.settings.fee_type
    told = fields(detail.get("feeType"), f"{path}.feeType")
    key = str(detail.get("feeTypeId") or told.get("id") or "")
    if use == "id":
        return key
    if told.get(use):
        return str(told[use])
    if told:
        record = MasterRecord("fee_type", key, str(told.get("code") or ""), str(told.get("name") or ""))
        return reading.lookup.word_of(record, f"{path}.feeType", use=use) or ""
    if not key:
        reading.findings.add(_no_fee_type().at(f"{path}.feeTypeId"))
    return reading.lookup.word("fee_type", key, f"{path}.feeTypeId", use=use) or ""


def _splits(reading: Reading, form: Fields, total: Decimal, path: str) -> tuple[Split, ...]:
    """The bearers of a line; amounts win over percents, and whichever counts must add up."""
    inherited = {**reading.form, **form}
    listed = items(form.get("apportions"), f"{path}.apportions")
    if not listed:
        own = first_text(form, _DEPARTMENTS)[1]
        split = _bearer(reading, form, inherited, path, share=Decimal(1))
        return (split,) if own or split.project or first_text(form, reading.settings.entity_fields)[1] else ()
    paths = [f"{path}.apportions[{i}].apportionForm" for i in range(len(listed))]
    forms = [fields(entry.get("apportionForm"), at) for entry, at in zip(listed, paths, strict=True)]
    each = tuple(zip(forms, paths, strict=True))
    stated = [reading.money(entry.get("apportionMoney"), f"{at}.apportionMoney") for entry, at in each]
    amounts = [amount.standard for amount in stated if amount is not None]
    if len(amounts) == len(forms):
        if sum(amounts) != total:
            reading.findings.add(_not_the_line(sum(amounts, Decimal(0)), total).at(f"{path}.apportions"))
        told = zip(each, amounts, strict=True)
        return tuple(_bearer(reading, entry, inherited, at, amount=amount) for (entry, at), amount in told)
    percents = _percents(reading, forms, paths)
    if percents is None or sum(percents) != 100:
        reading.findings.add(_not_a_hundred(percents).at(f"{path}.apportions"))
        return ()
    shares = zip(each, (percent.scaleb(-2) for percent in percents), strict=True)
    return tuple(_bearer(reading, entry, inherited, at, share=share) for (entry, at), share in shares)


def _percents(reading: Reading, forms: Sequence[Fields], paths: Sequence[str]) -> list[Decimal] | None:
    try:
        return [exact(form.get("apportionPercent")) for form in forms]
    except InputError as error:
        reading.findings.extend(problem.at(paths[0]) for problem in error.problems)
        return None


def _bearer(
    reading: Reading,
    form: Fields,
    inherited: Fields,
    path: str,
    *,
    share: Decimal | None = None,
    amount: Decimal | None = None,
) -> Split:
    """One bearer; a project that only the line or the report names holds for it too."""
    settings, lookup = reading.settings, reading.lookup
    department_field, department = first_text(form, _DEPARTMENTS)
    project_field, project = first_text(form, settings.project_fields)
    if not project:
        project_field, project = first_text(inherited, settings.project_fields)
    entity_field, entity = first_text(form, settings.entity_fields)
    return Split(
        entity=settings.entities.get(entity) or lookup.word("entity", entity, f"{path}.{entity_field}"),
        department=lookup.word("department", department, f"{path}.{department_field}", use=settings.department),
        project=lookup.word(dimension_kind(project_field), project, f"{path}.{project_field}"),
        share=share,
        amount=amount,
    )


def _no_amount() -> Problem:
    return Problem.of(
        "AMOUNT_INVALID",
        "费用明细没有金额",
        "the line has no amount",
        hint_zh="请在合思中补填金额后重新推送",
        hint_en="fill in the amount in Hesi, then push the document again",
    )


def _no_fee_type() -> Problem:
    return Problem.of(
        "FEE_TYPE_MISSING",
        "费用明细没有费用类型",
        "the line has no fee type",
        hint_zh="请在合思中补选费用类型后重新推送",
        hint_en="choose the fee type in Hesi, then push the document again",
    )


def _not_the_line(found: Decimal, total: Decimal) -> Problem:
    return Problem.of(
        "SPLIT_CONTRADICTORY",
        f"分摊金额合计 {plain(found)} 不等于明细金额 {plain(total)}, 差 {plain(total - found)}",
        f"the split amounts add up to {plain(found)}, the line is {plain(total)}: difference {plain(total - found)}",
        hint_zh="请在合思中更正分摊后重新推送",
        hint_en="correct the split in Hesi, then push the document again",
    )


def _not_a_hundred(percents: list[Decimal] | None) -> Problem:
    found = "?" if percents is None else plain(sum(percents, Decimal(0)))
    return Problem.of(
        "SPLIT_CONTRADICTORY",
        f"分摊比例合计 {found}, 应为 100",
        f"the split percents add up to {found}, not to 100",
        hint_zh="请在合思中更正分摊后重新推送",
        hint_en="correct the split in Hesi, then push the document again",
    )
