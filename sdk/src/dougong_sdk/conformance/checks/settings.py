"""SETTINGS: what a connection is configured with arrives, what is wrong is refused early, and no secret gets out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from dougong.config import ConfigError, Connection, build_settings
from dougong.config.structure import converter
from dougong.model.outcomes import Finding
from dougong.model.problems import Problem
from dougong_sdk.conformance import jobs, processes
from dougong_sdk.conformance.direct import direct
from dougong_sdk.conformance.leaks import bilingual, hides, hides_sessions, ledger_text, listening, secrets_of, spoiled
from dougong_sdk.conformance.rules import Level, Violation, expect, rule
from dougong_sdk.conformance.subject import Subject

if TYPE_CHECKING:
    from dougong.flow import Project
    from dougong_sdk.conformance.lab import Bench, Lab

#: Of the type of no setting.
_WRONG: Any = [{"wrong": ["type"]}]
_UNKNOWN = "no_such_setting"


@rule(
    "SETTINGS-001",
    Level.BRONZE,
    title=(
        "设置原样到达; 类型错误、未知的键、缺少的密钥立即被指出",
        "Settings arrive as they are; a wrong type, an unknown key or a missing secret is refused at once",
    ),
    why=(
        "读错的设置会把凭证记到别的账套, 或到月末才发现连不上",
        "a setting that is misread books into another company, or is found out at the end of the month",
    ),
    todo=(
        "用 attrs 类声明设置, 每个字段写明类型; 必需的密钥不给默认值",
        "declare settings in an attrs class, each field with its type; give a secret that is needed no default",
    ),
    needs=Subject.lacks_create,
)
def settings_are_strict(lab: Lab, cell: str) -> None:
    """Built as core builds them, from the project's connection and from wrong copies of it."""
    bench = lab.bench()
    with bench.project() as project:
        connection, about = project.config.connection(lab.name), project.door(lab.name).about
        _comes_back(project, connection)
        for field in attrs.fields(about.settings):
            if field.init and field.name not in about.secrets and not field.name.startswith("auditor_"):
                _refused(project, connection, field.name, lambda given, key: {**given, key: _WRONG})
        _refused(project, connection, _UNKNOWN, lambda given, key: {**given, key: "x"})
        for name in connection.secrets:
            fewer = {key: value for key, value in connection.secrets.items() if key != name}
            _refused(project, attrs.evolve(connection, secrets=fewer), name, lambda given, _: given)
    expect(not bench.sandbox.requests(), "the ERP was called before the settings were refused")


def _as_written(values: Any) -> Any:
    """Values as they stand in a file: its fractions are read as `Decimal`."""
    if isinstance(values, dict):
        return {name: _as_written(value) for name, value in values.items()}
    return Decimal(str(values)) if isinstance(values, float) else values


def _comes_back(project: Project, connection: Connection) -> None:
    """What was given is in the object, and the object taken apart makes the same again."""
    about = project.door(connection.name).about
    made = build_settings(connection, about, project.config)
    for key, given in connection.settings.items():
        if isinstance(given, str | int) and not key.endswith("_file"):
            kept = getattr(made, key)
            expect(str(kept).strip("/") == str(given).strip("/"), f"settings.{key} is not what was configured")
    shape = converter(project.folder)
    again = shape.structure(_as_written(shape.unstructure(made)), about.settings)
    differing = [
        one.name for one in attrs.fields(about.settings) if getattr(again, one.name) != getattr(made, one.name)
    ]
    expect(not differing, f"settings do not come back as they were: {', '.join(differing)}")


Change = Callable[[Mapping[str, Any], str], Mapping[str, Any]]


def _refused(project: Project, connection: Connection, key: str, change: Change) -> None:
    """A wrong copy of the connection is refused, and the error names the key."""
    wrong = attrs.evolve(connection, settings=change(connection.settings, key))
    try:
        build_settings(wrong, project.door(connection.name).about, project.config)
    except ConfigError as error:
        told = [problem.path for problem in error.problems]
        expect(any(key in path for path in told), f"what is wrong with {key} is told of {', '.join(told) or 'nothing'}")
    else:
        raise Violation(f"{key} is wrong or missing, and nobody says so")


@rule(
    "SETTINGS-002",
    Level.BRONZE,
    title=("设置、连接器与会话的 repr 不含密钥", "No secret stands in the repr of settings, connector or session"),
    why=(
        "任何回溯与调试输出都会打印 repr, 密钥随之进入日志",
        "tracebacks and debuggers print it, and with it the secret goes into logs and tickets",
    ),
    todo=("密钥字段写 repr=False, 会话自己写 __repr__", "declare secrets repr=False and give the session a __repr__"),
    needs=Subject.lacks_create,
)
def repr_hides_secrets(lab: Lab, cell: str) -> None:
    """Of the objects themselves and of what they hold."""
    bench = lab.bench()
    secrets = secrets_of(bench)
    with direct(bench) as hooks:
        hooks.done(hooks.voucher(1))
        settings = build_settings(hooks.door.connection, hooks.door.about, hooks.project.config)
        connector = hooks.door.asker.hooks.connector.plugin
        for thing, what in ((settings, "settings"), (connector, "the connector"), (hooks.session, "the session")):
            hides(secrets, repr(thing), f"the repr of {what}")
            for name, member in _members(thing):
                hides(secrets, repr(member), f"the repr of {what}.{name}")


def _members(thing: object) -> Iterable[tuple[str, object]]:
    """What an object holds; a text of its own is a secret where it has to be."""
    named = vars(thing) if hasattr(thing, "__dict__") else {}
    slots = {name: getattr(thing, name, None) for name in getattr(type(thing), "__slots__", ())}
    return [(name, member) for name, member in {**slots, **named}.items() if not isinstance(member, str | bytes)]


@rule(
    "SETTINGS-003",
    Level.BRONZE,
    title=(
        "日志、账本与结果中没有密钥、令牌与签名, 登录失败与应答损坏时也一样",
        "No secret, token or signature is logged, kept or told, not when a login fails or an answer is broken either",
    ),
    why=(
        "日志会被收集、转发和粘贴, 进入其中的密钥须视为泄露; 令牌在有效期内就是密钥",
        "logs are collected, forwarded and pasted: a secret in them is lost, and a token is a secret while it is good",
    ),
    todo=(
        "不要记录请求头与登录报文; 引用 ERP 的话之前用 RestSession.redact",
        "log neither headers nor logins; quote the ERP through RestSession.redact",
    ),
    needs=Subject.lacks_create,
    cells=lambda _: ("push", "login", "answer"),
)
def nothing_leaks(lab: Lab, cell: str) -> None:
    """Everything that is printed, logged at DEBUG, answered and kept."""
    {"push": _whole_push, "login": _failed_login, "answer": _broken_answer}[cell](lab)


def _whole_push(lab: Lab) -> None:
    bench = lab.bench()
    secrets = secrets_of(bench)
    job = processes.start(bench.folder / "log", jobs.push_aloud, bench.folder, [bench.reports(1)])
    expect(job.end() == 0, "a push failed")
    for where, text in (("the log of a push", bench.log), ("the ledger", ledger_text(bench.folder))):
        hides(secrets, text, where)
        hides_sessions(bench, text, where)


def _failed_login(lab: Lab) -> None:
    bench = lab.bench()
    right = secrets_of(bench)
    with spoiled(bench) as wrong, listening() as lines, direct(bench) as hooks:
        outcome = hooks.send(hooks.voucher(1)).outcome
        found = list(hooks.door.check(hooks.session, hooks.call()))
        sought = str(list(hooks.find([hooks.send(hooks.voucher(2)).wanted()])))
    told = {"its outcome": str(outcome), "a finding": str(found), "find": sought, "the log": "\n".join(lines)}
    for where, text in told.items():
        hides(right | wrong, text, f"{where} after a login that failed")
        hides_sessions(bench, text, f"{where} after a login that failed")


def _broken_answer(lab: Lab) -> None:
    bench = lab.bench()
    secrets = secrets_of(bench)
    with listening() as lines, direct(bench) as hooks:
        for at, fault in enumerate(("truncate", "wrong_content_type", "status_after_work", "expire_session"), 1):
            for operation in (*lab.requests.opening, *lab.requests.creating):
                bench.sandbox.fault(fault, operation=operation, count=1)
            outcome = str(hooks.send(hooks.voucher(at)).outcome)
            hides(secrets, outcome, f"the outcome after {fault}")
            hides_sessions(bench, outcome, f"the outcome after {fault}")
            bench.sandbox.clear_faults()
    hides(secrets, "\n".join(lines), "the log after a broken answer")
    hides_sessions(bench, "\n".join(lines), "the log after a broken answer")


def _checks(subject: Subject) -> str:
    return subject.lacks("check")


@rule(
    "SETTINGS-004",
    Level.BRONZE,
    title=(
        "check 在设置正确时全部通过, 密钥错误时指出并给出办法",
        "`check` passes when all is right, and finds a wrong secret, with what to do",
    ),
    why=("上线时靠它发现问题, 而不是靠第一张凭证", "it is what finds trouble before the first voucher does"),
    todo=(
        "check 须真正登录; 失败的 Finding 带中英文提示, 密钥错误时不要反复登录",
        "let check log in; give a Finding that failed a hint in both languages, and log in once when it is refused",
    ),
    needs=_checks,
)
def check_finds_a_wrong_secret(lab: Lab, cell: str) -> None:
    """With the right secret, with a wrong one, and with the right one again."""
    bench = lab.bench()
    bad = [finding for finding in _findings(bench) if not finding.ok]
    expect(not bad, f"check complains although all is right: {[one.check for one in bad]}")
    asked = len(bench.sandbox.requests())
    with spoiled(bench) as wrong:
        if not wrong:
            return
        failed = [finding.problem for finding in _findings(bench) if not finding.ok]
    expect(failed, "check passes with a wrong secret")
    expect(all(map(_says_what_to_do, failed)), f"a finding says not what to do in both languages: {failed}")
    tries = len(bench.sandbox.requests()) - asked
    expect(tries <= asked, f"a wrong secret is tried {tries} times, and may lock the user out")
    expect(all(one.ok for one in _findings(bench)), "check fails after a wrong secret has been put right")


def _findings(bench: Bench) -> list[Finding]:
    with direct(bench) as hooks:
        return list(hooks.door.check(hooks.session, hooks.call()))


def _says_what_to_do(problem: Problem | None) -> bool:
    return problem is not None and bilingual(problem.hint) and bool(problem.message.en and problem.message.zh)
