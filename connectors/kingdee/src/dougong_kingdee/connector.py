"""Kingdee 云星空 as a connector: vouchers from Save to Audit, found again by our reference.

`GL_VOUCHER` has no free unique number, so it is class D: after a lost answer the ERP is searched, never sent to again
blindly. Only what the hooks say is here; talking is in `session`, reading in `vouchers`, and what an error means in
`errors.toml`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from dougong import hookimpl
from dougong.hookspecs import About, Call, TargetField
from dougong.model.masterdata import MasterRecord
from dougong.model.messages import Item, ItemId, Message, Payload, Wanted
from dougong.model.operations import Ambiguity, Limits, Operation, Reference, Safety
from dougong.model.outcomes import Absent, CannotTell, Done, Finding, Found, NotDone, Outcome, Rejected, Unknown
from dougong.model.postings import Facts, Posting, Stage
from dougong.model.problems import DougongError, Problem, Text
from dougong_kingdee.settings import KingdeeSettings
from dougong_sdk.steps import Steps, gone

if TYPE_CHECKING:  # httpx comes with the session: describing and mapping do without
    from dougong_kingdee.session import KingdeeSession

__all__ = ["KingdeeConnector"]

_FORM = "GL_VOUCHER"
_MAX_EXPLANATION = 250
_REFERENCE_LENGTH = 20
#: MsgCode for a document that does not exist.
_NOT_FOUND = 10
#: Days around the voucher's date in which a reference is looked for first.
_WINDOW = dt.timedelta(days=62)

_STEPS = Steps(
    up={Stage.DRAFT: "Submit", Stage.SUBMITTED: "Audit"},
    down={Stage.AUDITED: "UnAudit", Stage.SUBMITTED: "CancelAssign", Stage.DRAFT: "Delete"},
)
#: Operation → stage after it.
_AFTER = {
    "Submit": Stage.SUBMITTED,
    "Audit": Stage.AUDITED,
    "UnAudit": Stage.DRAFT,
    "CancelAssign": Stage.DRAFT,
    "Delete": Stage.VOID,
}


@attrs.frozen(eq=False)
class KingdeeConnector:
    """One account set (账套) of Kingdee 云星空 (K/3 Cloud).

    .. versionadded:: 0.1
    """

    settings: KingdeeSettings

    about: ClassVar[About] = About(
        product="kingdee",
        title=Text("金蝶云星空", "Kingdee K/3 Cloud"),
        settings=KingdeeSettings,
        secrets=("app_secret", "password"),
        auditor_secrets=("app_secret", "password"),
        api_versions=("WebAPI 8.2.0",),
    )

    # -- describe -----------------------------------------------------------------------------------------------

    @hookimpl
    def operations(self) -> Sequence[Operation]:
        """Vouchers; the reference stands behind the first line's text or in the customer's own field."""
        shared = self.settings.reference_in_text
        field = "FEntity[0].FEXPLANATION" if shared else self.settings.reference_field
        reference = Reference(field, max_length=_REFERENCE_LENGTH, append=shared)
        limits = Limits(
            batch=self.settings.batch,
            max_lines=999,
            max_summary=self._max_summary,
            voucher_currency="line",
            negative_lines=True,
            drops=("tax", "clears", "opens", "cash_flow", "coordination"),
        )
        safety = Safety(Ambiguity.D, reference, settle=120.0)
        return (Operation(_FORM, "create", safety, (Stage.DRAFT, Stage.SUBMITTED, Stage.AUDITED), limits=limits),)

    @property
    def _max_summary(self) -> int:
        """Room for a text: the reference and a blank before it are kept free."""
        return _MAX_EXPLANATION - (_REFERENCE_LENGTH + 1 if self.settings.reference_in_text else 0)

    # -- auth ---------------------------------------------------------------------------------------------------

    @hookimpl
    def open_session(self, call: Call) -> KingdeeSession:
        """A session of the first or the second credential; logging in is left to its first call."""
        from dougong_kingdee.session import KingdeeSession
        from dougong_sdk.rest import RestSession

        chosen = self.settings.for_auditor() if call.credential == "auditor" else self.settings
        rest = RestSession(
            chosen.base_url, ca_file=chosen.ca_file, certificate=chosen.client_certificate, secrets=chosen.secrets()
        )
        return KingdeeSession(chosen, rest)

    @hookimpl
    def check(self, session: KingdeeSession, call: Call) -> Iterable[Finding]:
        """Log in, rights, the reference's field, dimension slots, the second credential."""
        from dougong_kingdee.checks import check_connection

        return check_connection(self.settings, session, call.deadline)

    # -- mapping ------------------------------------------------------------------------------------------------

    @hookimpl
    def default_mapping(self, operation: Operation) -> str:
        """The shipped mapping with this connection's slots and rate type."""
        template = files("dougong_kingdee").joinpath("mappings", f"{operation.target_type}.toml").read_text("utf-8")
        dimensions = "\n".join(
            f"\"FDetailID.FDETAILID__{slot}.FNumber\" = \"line | dimension('{name}') | code('{name}')\""
            for name, slot in self.settings.dimension_slots.items()
        )
        filled = template.replace("{dimensions}", dimensions).replace("{rate_type}", self.settings.rate_type)
        return filled.replace("{max_summary}", str(self._max_summary))

    @hookimpl
    def target_fields(self, operation: Operation, session: KingdeeSession | None, call: Call) -> Sequence[TargetField]:
        """From QueryBusinessInfo with a session, else those that the documentation names."""
        from dougong_kingdee.fields import documented, from_business_info

        if session is None:
            return documented(self.settings)
        return from_business_info(session.business_info(operation.target_type, call.deadline), self.settings)

    @hookimpl
    def check_payload(
        self, payload: Payload, booking: Any, session: KingdeeSession | None, call: Call
    ) -> Sequence[Problem]:
        """Balance, rates, lengths, required fields; no id: it would overwrite one; that it could be found again."""
        from dougong_kingdee.payloads import payload_problems

        missing = None if session is None else self._reference_lost(session, call)
        found = payload_problems(payload.body, self.settings.rate_tolerance)
        return (*found, *((missing,) if isinstance(missing, Problem) else ()))

    def _reference_lost(self, session: KingdeeSession, call: Call) -> Problem | NotDone | None:
        """Why a voucher sent now could not be found by our reference; `NotDone`: the ERP could not be asked."""
        from dougong_kingdee.envelope import KingdeeRefused
        from dougong_sdk.rest import RestError

        if self.settings.reference_in_text:
            return None  # is there in every account set
        try:
            session.expect_field(_FORM, self.settings.reference_field, call.deadline)
        except KingdeeRefused as error:
            return _no_reference_field(self.settings.reference_field, call.connection, error)
        except RestError as error:
            return NotDone(str(error), after=error.retry_after)
        return None

    # -- push ---------------------------------------------------------------------------------------------------

    @hookimpl
    def prepare(self, items: Sequence[Item], call: Call) -> Sequence[Message]:
        """One Save per voucher; where the setting `batch` allows several, one BatchSave for all."""
        from dougong_kingdee.payloads import save_body

        several = self.settings.batch > 1
        return [
            Message(
                items=tuple(item.id for item in group),
                body=save_body([item.payload.body for item in group]),
                facts={
                    item.id: Facts(book=item.payload.body["FAccountBookID"]["FNumber"], date=item.booking.posting_date)
                    for item in group
                },
                operation=f"{_FORM}.create",
            )
            for group in ([items] if several else [[item] for item in items])
        ]

    @hookimpl
    def push(self, message: Message, session: KingdeeSession, call: Call) -> Outcome | Mapping[ItemId, Outcome]:
        """Save or BatchSave: one outcome per voucher.

        Nothing is sent while it could not be found again: what `check_payload` could not ask is asked here.
        """
        from dougong_kingdee.saving import outcome_of_save, outcomes_of_batch
        from dougong_sdk.rest import RestError, outcome_of

        lost = self._reference_lost(session, call)
        if lost is not None:
            return Rejected((lost,)) if isinstance(lost, Problem) else lost
        batch = len(message.items) > 1
        try:
            reply = session.save(message.body, call.deadline, batch=batch)
        except RestError as error:
            return outcome_of(error)
        if batch:
            return outcomes_of_batch(reply, message.items)
        return outcome_of_save(reply)

    @hookimpl
    def complete(
        self, posting: Posting, target_stage: Stage, facts: Facts, session: KingdeeSession, call: Call
    ) -> Outcome:
        """Read the voucher, then one step: Submit, Audit, or on the way down UnAudit, CancelAssign, Delete.

        What somebody has edited stays as it is.
        """
        from dougong_kingdee.envelope import KingdeeRefused, outcome_of_failure
        from dougong_sdk.rest import RestError, outcome_of

        try:
            return self._one_step(posting, target_stage, session, call, facts)
        except KingdeeRefused as error:
            return outcome_of_failure(error.failure)
        except RestError as error:
            return outcome_of(error)

    def _one_step(self, posting: Posting, target: Stage, session: KingdeeSession, call: Call, facts: Facts) -> Outcome:
        from dougong_kingdee.envelope import KingdeeRefused
        from dougong_kingdee.vouchers import read_vouchers

        key = [f"FVOUCHERID={int(posting.erp_key)}"]
        now = next(iter(read_vouchers(session, key, call.deadline)), None)
        if now is None:
            return self._gone(posting, target, session, call)
        step = _STEPS.next(now, target, facts)
        if not isinstance(step, str):
            return step
        reply = session.operate(step, _FORM, {"Ids": now.erp_key}, call.deadline)
        if reply.failure and reply.failure.msg_code == _NOT_FOUND:  # deleted since it was read
            return self._gone(now, target, session, call)
        if reply.failure:
            raise KingdeeRefused(reply.failure)
        if [str(entity.get("Id")) for entity in reply.entities] != [now.erp_key]:
            return Unknown(f"{step} reports success without naming voucher {now.erp_key}")
        return Done(attrs.evolve(now, stage=_AFTER[step]))

    def _gone(self, posting: Posting, target: Stage, session: KingdeeSession, call: Call) -> Outcome:
        """A query that finds nothing may lack rights; only View says that a voucher does not exist."""
        from dougong_kingdee.envelope import KingdeeRefused

        reply = session.operate("View", _FORM, {"Id": posting.erp_key}, call.deadline)
        if reply.failure is None:
            return Unknown(f"voucher {posting.erp_key} can be viewed but not queried (check the user's rights)")
        if reply.failure.msg_code != _NOT_FOUND:
            raise KingdeeRefused(reply.failure)
        return gone(posting, target)

    @hookimpl
    def find(
        self, wanted: Sequence[Wanted], session: KingdeeSession, call: Call
    ) -> Iterator[Found | Absent | CannotTell]:
        """By reference, in the field that it was written into: near its date, then everywhere; and by id.

        People move vouchers. What cannot be queried by that field any more cannot be told, and is never absent.
        """
        from dougong_kingdee.vouchers import field_of

        for want in wanted:
            try:
                found = list(self._find(want, session, call))
            except DougongError as error:
                by_id = self._by_id(want, session, call)
                yield CannotTell(want.item, str(error)) if by_id is None else Found(want.item, by_id)
                continue
            yield from (Found(want.item, posting) for posting in found)
            if not found:
                field = field_of(want.reference_field, session)
                yield Absent(want.item, f"{_FORM} by {field} contains {want.reference}: all books, dates and pages")

    def _find(self, want: Wanted, session: KingdeeSession, call: Call) -> Iterator[Posting]:
        from dougong_kingdee.vouchers import field_of, keys_matching, quoted, read_vouchers

        field, near = field_of(want.reference_field, session), []
        if want.facts.book:
            near.append(f"FAccountBookID.FNumber={quoted(want.facts.book)}")
        if want.facts.date:
            first, last = want.facts.date - _WINDOW, want.facts.date + _WINDOW
            near.append(f"FDate>='{first}' and FDate<='{last}'")
        keys = keys_matching(session, field, want.reference, near, call.deadline)
        if not keys:
            keys = keys_matching(session, field, want.reference, [], call.deadline)
        if want.erp_key is not None and want.erp_key.isdecimal() and int(want.erp_key) not in keys:
            # known by its id: somebody may have changed the text that carried the reference
            keys = [*keys, int(want.erp_key)]
        if keys:
            among = f"FVOUCHERID in ({','.join(map(str, keys))})"
            yield from read_vouchers(session, [among], call.deadline, field=field, to_the_end=True)

    def _by_id(self, want: Wanted, session: KingdeeSession, call: Call) -> Posting | None:
        """A voucher that cannot be searched by its reference but whose id is known."""
        from dougong_kingdee.vouchers import TEXT_FIELD, read_vouchers

        if want.erp_key is None or not want.erp_key.isdecimal():
            return None
        try:
            where = [f"FVOUCHERID={int(want.erp_key)}"]
            return next(iter(read_vouchers(session, where, call.deadline, field=TEXT_FIELD)), None)
        except DougongError:
            return None

    # -- master data, reconcile ---------------------------------------------------------------------------------

    @hookimpl
    def pull_master_data(self, kinds: Sequence[str], session: KingdeeSession, call: Call) -> Iterable[MasterRecord]:
        """Departments, employees, suppliers, accounts with the dimensions they demand, currencies, books, periods."""
        from dougong_kingdee.masterdata import pull

        return pull(kinds, session, call.deadline)

    @hookimpl
    def list_postings(self, period: str, session: KingdeeSession, call: Call) -> Iterable[Posting]:
        """Every voucher of a period in every book that the user sees, with its lines and dimensions."""
        from dougong_kingdee.vouchers import read_vouchers

        where = [f"FYEAR={int(period[:4])}", f"FPERIOD={int(period[5:])}"]
        return read_vouchers(session, where, call.deadline, listing=True)

    @hookimpl
    def list_balances(self, period: str, session: KingdeeSession, call: Call) -> Iterable[Mapping[str, Any]]:
        """Debits and credits of each account in a period, by book, posted or not."""
        from dougong_kingdee.balances import read_balances

        return read_balances(period, session, call.deadline)


def _no_reference_field(field: str, connection: str, error: DougongError) -> Problem:
    return Problem.of(
        "REFERENCE_FIELD_MISSING",
        f"连接 {connection}: 凭证没有可查询的字段 {field}, 参考号会丢失, 因此未发送 ({error.problems[0].message.zh})",
        f"connection {connection}: vouchers cannot be queried by {field}, so our reference would be lost and nothing"
        f" was sent ({error.problems[0].message.en})",
        path=field,
        hint_zh=f"在凭证单据头增加文本字段 {field}, 或更正 [connections.{connection}.settings] 的 reference_field,"
        " 然后 retry",
        hint_en=f"add the text field {field} to the voucher's head, or correct reference_field in"
        f" [connections.{connection}.settings]; then retry",
    )
