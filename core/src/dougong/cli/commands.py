"""The contents: every command with its module and its one sentence, so that help need not load them."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

from dougong.cli.language import say

__all__ = ["COMMANDS", "GROUPS", "Entry", "command", "summary"]


class Entry(NamedTuple):
    """A command: the module that holds it as a function of the same name (`-` is `_` there), and what it does."""

    module: str
    zh: str
    en: str


#: In the order in which help shows them.
GROUPS: tuple[tuple[tuple[str, str], dict[str, Entry]], ...] = (
    (
        ("开始", "Begin"),
        {
            "demo": Entry(
                "demo",
                "在沙箱上演示全过程: 离线, 半分钟之内。",
                "The whole story on a sandbox: offline, within half a minute.",
            ),
            "init": Entry(
                "starting", "新建项目目录, 可直接向沙箱推送。", "Make a project's folder, ready to push to sandboxes."
            ),
            "sandbox": Entry("sandboxing", "在前台运行一个模拟 ERP。", "Run an emulated ERP in the foreground."),
            "check": Entry(
                "checking",
                "体检: 配置、规则、映射、编码、连接。",
                "Doctor: configuration, rules, mappings, codes, connections.",
            ),
        },
    ),
    (
        ("推送", "Send"),
        {
            "plan": Entry(
                "planning",
                "显示将要发送的凭证与报文, 不发送。",
                "Show vouchers and payload as they would be sent; send nothing.",
            ),
            "push": Entry("pushing", "接收单据并处理, 直到都有结果。", "Accept documents, then work until they rest."),
            "accept": Entry("pushing", "接收单据, 不发送。", "Accept documents; send nothing."),
            "run": Entry("pushing", "处理所有未完成的, 直到都有结果。", "Work until everything rests."),
            "serve": Entry(
                "serving",
                "日夜运行: 处理各步骤, 并经 HTTP 接收单据与回调。",
                "Day and night: run the steps, take documents and callbacks by HTTP.",
            ),
            "worker": Entry("serving", "日夜运行各步骤, 不开 HTTP。", "Run the steps day and night, without HTTP."),
            "convert": Entry("planning", "显示文件的规范格式。", "Show files in canonical form."),
        },
    ),
    (
        ("查看", "Look"),
        {
            "status": Entry("looking", "送达清单与待办 (按原因汇总)。", "Deliveries, and the work list by cause."),
            "show": Entry("looking", "一笔送达的全部细节。", "One delivery in full."),
            "trace": Entry(
                "looking", "一张单据的全过程: 版本、事件、送达。", "A document's whole way: revisions, deliveries."
            ),
            "feedback": Entry(
                "feeding", "回写: 已告知与待告知来源的内容。", "What sources were told, and are to be told."
            ),
            "reconcile": Entry("reconciling", "与 ERP 对账: 账本、在途、ERP。", "Our ledger beside the ERP's."),
            "audit": Entry("auditing", "核对审计记录。", "Verify the audit."),
        },
    ),
    (
        ("处置", "Decide"),
        {
            "retry": Entry(
                "acting", "重新推导并再次尝试 (挂起、被拒、未完成)。", "Try again what is held, rejected or incomplete."
            ),
            "resolve": Entry(
                "acting", "判断结果未知的送达。", "Say what became of a delivery whose outcome is not known."
            ),
            "cancel": Entry(
                "acting",
                "放弃尚未进入 ERP 的; 同样的内容不会再入账。",
                "Give up what is not in the ERP; the same content is not booked again.",
            ),
            "repost": Entry(
                "acting",
                "重新入账在 ERP 中被删除、或由 reverse 红冲的凭证。",
                "Book again what was deleted in the ERP, once that is proved, or what `reverse` took back.",
            ),
            "approve": Entry(
                "approving",
                "批准须由第二人批准的凭证, 恰好是现在这张。",
                "Agree, as the second person, to vouchers that wait for it, exactly as they are.",
            ),
            "reverse": Entry("acting", "红冲已入账的凭证。", "Take back what is booked, by a red voucher."),
        },
    ),
    (
        ("规则与资料", "Rules and data"),
        {
            "rules": Entry(
                "explaining",
                "入账规则: 用例测试、分录来由。",
                "Posting rules: your own cases, why a line is as it is.",
            ),
            "tables": Entry("tabling", "决策表: 缺行、导入、导出。", "Decision tables: missing rows, import, export."),
            "codes": Entry("coding", "编码对照表: 导入、导出。", "Code tables: import, export."),
            "connectors": Entry("installed", "已安装的连接器。", "The connectors that are installed."),
            "schema": Entry("installed", "文件种类的 JSON Schema。", "JSON Schema of a kind of file."),
            "crashpoints": Entry(
                "installed", "崩溃点: 测试可在此杀死进程。", "Crash points: where tests kill the process."
            ),
            "new-connector": Entry(
                "scaffolding",
                "生成一个可运行的连接器包, 由您改成自己的 ERP。",
                "Make a connector package that works, to be turned into your ERP's.",
            ),
        },
    ),
)

COMMANDS: dict[str, Entry] = {name: entry for _, entries in GROUPS for name, entry in entries.items()}


def command(name: str) -> Any:
    """The command of a name, imported now."""
    return getattr(import_module(f"dougong.cli.{COMMANDS[name].module}"), name.replace("-", "_"))


def summary(name: str) -> str:
    """What a command does, in the chosen language."""
    return say(COMMANDS[name].zh, COMMANDS[name].en)
