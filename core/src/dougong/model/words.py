"""What people call states, stages, moments and documents (contract.md §1, §5): one word each, in messages and lists.

Names that this version does not know stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from dougong.model.problems import Text

__all__ = ["document", "event", "moment", "stage", "state", "target", "verdict"]

_STATES: Mapping[str, Text] = {
    "accepted": Text("已接收", "accepted"),
    "open": Text("已生成", "open"),
    "not_due": Text("未到入账时点", "not due"),
    "stale": Text("过期内容", "stale"),
    "superseded": Text("已被替代", "superseded"),
    "withdrawn": Text("已撤回", "withdrawn"),
    "held": Text("挂起", "held"),
    "blocked": Text("等待前序", "blocked"),
    "ready": Text("待发送", "ready"),
    "sending": Text("发送中", "sending"),
    "waiting": Text("等待回执", "waiting"),
    "unknown": Text("结果未知", "unknown"),
    "incomplete": Text("未到目标状态", "incomplete"),
    "delivered": Text("已送达", "delivered"),
    "rejected": Text("被拒绝", "rejected"),
    "parked": Text("待人工处理", "parked"),
    "cancelled": Text("已取消", "cancelled"),
    "reversed": Text("已冲销", "reversed"),
}
_STAGES: Mapping[str, Text] = {
    "draft": Text("草稿", "draft"),
    "submitted": Text("已提交未审核", "submitted, not audited"),
    "audited": Text("已审核未记账", "audited, not posted"),
    "posted": Text("已记账", "posted"),
    "reversed": Text("已冲销", "reversed"),
    "void": Text("已作废", "void"),
}
_MOMENTS: Mapping[str, Text] = {
    "accrual": Text("入账", "accrual"),
    "payment": Text("付款", "payment"),
    "payment_returned": Text("退票", "payment returned"),
    "loan": Text("借款", "loan"),
    "repayment": Text("还款", "repayment"),
    "tax_confirmed": Text("勾选", "tax confirmed"),
    "red_invoice": Text("红票", "red invoice"),
    "provision": Text("预提", "provision"),
    "difference": Text("补差", "difference"),
    "reversal": Text("冲销", "reversal"),
}
_DOCUMENTS: Mapping[str, Text] = {
    "expense": Text("报销单", "expense report"),
    "payment_request": Text("付款申请单", "payment request"),
    "loan": Text("借款单", "loan"),
    "repayment": Text("还款单", "repayment"),
    "provision": Text("预提单", "provision"),
    "voucher": Text("凭证", "voucher"),
}
_EVENTS: Mapping[str, Text] = {
    "approved": Text("已审批", "approved"),
    "paid": Text("已付款", "paid"),
    "payment_returned": Text("退票", "payment returned"),
    "repaid": Text("已还款", "repaid"),
    "tax_confirmed": Text("已勾选", "tax confirmed"),
    "red_invoice": Text("已开红票", "red invoice"),
    "period_end": Text("期末", "period end"),
    "withdrawn": Text("已撤回", "withdrawn"),
    "rejected": Text("已退回", "rejected"),
    "archived": Text("已归档", "archived"),
    "commented": Text("已评论", "commented"),
}
_TARGETS: Mapping[str, Text] = {
    "voucher": Text("凭证", "voucher"),
    "payable": Text("应付单", "payable"),
    "claim": Text("费用报销单", "claim"),
    "payment": Text("付款单", "payment"),
}
_VERDICTS: Mapping[str, Text] = {
    "matched": Text("一致", "matched"),
    "missing": Text("ERP 中没有", "missing in the ERP"),
    "amount": Text("金额不同", "amount differs"),
    "currency": Text("币种不同", "currency differs"),
    "period": Text("期间不同", "period differs"),
    "stage": Text("状态倒退", "stage went back"),
    "doubled": Text("重复", "doubled"),
    "edited": Text("被改动", "edited"),
    "unknown_to_us": Text("账本中没有", "unknown to us"),
}


def state(name: str) -> Text:
    """A document's or delivery's state."""
    return _STATES.get(name, Text(name, name))


def stage(name: str) -> Text:
    """A stage in words that say what is still missing: 已提交未审核 is not 已记账."""
    return _STAGES.get(name, Text(name, name))


def moment(name: str) -> Text:
    """A moment (时点)."""
    return _MOMENTS.get(name, Text(name, name))


def document(type: str) -> Text:
    """A type of documents."""
    return _DOCUMENTS.get(type, Text(type, type))


def event(type: str) -> Text:
    """An event of a document, or the state that it came to in its source."""
    return _EVENTS.get(type, Text(type, type))


def target(name: str) -> Text:
    """What a moment makes in the ERP."""
    return _TARGETS.get(name, Text(name, name))


def verdict(name: str) -> Text:
    """What a comparison says."""
    return _VERDICTS.get(name, Text(name, name))
