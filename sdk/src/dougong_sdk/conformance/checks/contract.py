"""CONTRACT: what a package says of itself, and whether its hooks are the contract's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dougong.model.operations import Ambiguity
from dougong.model.problems import DougongError
from dougong.plugins import State, catalogue
from dougong_sdk.conformance.rules import Level, Violation, expect, rule
from dougong_sdk.conformance.subject import Subject
from dougong_sdk.sandbox import SandboxError

if TYPE_CHECKING:
    from dougong_sdk.conformance.lab import Lab

#: Characters of a reference below which two deliveries may share one (80 bits of a hash in Crockford's alphabet).
_LEAST_REFERENCE = 16
_LEAST_DIGITS = 18


@rule(
    "CONTRACT-001",
    Level.BRONZE,
    title=(
        "包能被发现、导入, 钩子签名与契约一致",
        "The package is discovered and imported, and its hooks have the contract's signatures",
    ),
    why=(
        "写错名字的钩子永远不会被调用, 凭证就不会被审核或找回",
        "a hook with a wrong name is never called: nothing is completed or found again",
    ),
    todo=("按原因修正钩子或 about", "mend the hook or `about` that the reason names"),
)
def is_discovered(lab: Lab, cell: str) -> None:
    """The catalogue loads it and has nothing against it."""
    rows = [row for row in catalogue(load=True) if row.name == lab.name]
    bad = [row.reason.en for row in rows if row.state is not State.OK]
    expect(rows and not bad, "; ".join(bad) or "it is not in the catalogue")
    if not lab.has_sandbox:
        return  # nobody knows the settings of a connection
    try:
        lab.subject  # noqa: B018 - opening a connection is what looks at the hooks
    except DougongError as error:
        raise Violation(str(error)) from error


@rule(
    "CONTRACT-002",
    Level.BRONZE,
    title=(
        "名称有中英文, 产品名与入口点一致",
        "It has a title in both languages and the product's name of its entry point",
    ),
    why=("目录、报错与界面都以它称呼这个连接器", "catalogue, errors and console call it by these names"),
    todo=("填写 about.title 与 about.product", "fill in about.title and about.product"),
)
def names_itself(lab: Lab, cell: str) -> None:
    """`about` is filled in."""
    about = lab.subject.door.about
    expect(about.product == lab.name, f"about.product is {about.product!r}, its entry point {lab.name!r}")
    expect(about.title.zh.strip() and about.title.en.strip(), f"about.title is {about.title}")


@rule(
    "CONTRACT-003",
    Level.BRONZE,
    title=(
        "操作声明完整: 阶段自低而高, 安全类别有其所需",
        "Operations say all that is needed: stages upwards, and what the class requires",
    ),
    why=(
        "重发还是查询由声明决定, 声明有误就会重复入账",
        "what is declared decides whether an unknown outcome is sent again or asked for: a wrong word books twice",
    ),
    todo=("修正 operations() 返回的 Operation", "mend the Operation that operations() returns"),
    needs=Subject.lacks_create,
)
def declares_operations(lab: Lab, cell: str) -> None:
    """Each operation is sound in itself."""
    for operation in lab.subject.door.operations:
        ranks = [stage.rank for stage in operation.stages]
        expect(ranks and ranks == sorted(set(ranks)) and ranks[0] >= 0, f"{operation.name}: stages {operation.stages}")
        safety, reference = operation.safety, operation.safety.reference
        if safety.ambiguity is Ambiguity.B:
            expect(safety.window > 0, f"{operation.name} is of class B and names no window")
        # what takes a posting back may be found by that posting
        if safety.ambiguity is not Ambiguity.E and operation.verb == "create":
            expect(reference is not None, f"{operation.name} is of class {safety.ambiguity} and has no reference")
        if reference is not None and reference.shape != "uuid":
            least = _LEAST_DIGITS if reference.shape == "number" else _LEAST_REFERENCE
            expect(
                reference.max_length >= least,
                f"{operation.name}: a reference of {reference.max_length} characters is not unique; it needs {least}",
            )


@rule(
    "CONTRACT-004",
    Level.BRONZE,
    title=("能写入的连接器带有沙箱", "A connector that writes brings a sandbox"),
    why=("没有人能在客户的 ERP 上做测试", "nobody can test against a customer's ERP"),
    todo=(
        "在入口点组 dougong.sandboxes 下以同名登记一个 Sandbox 子类",
        "register a subclass of Sandbox under the same name in the group dougong.sandboxes",
    ),
    needs=Subject.lacks_create,
)
def brings_a_sandbox(lab: Lab, cell: str) -> None:
    """An entry point of the same name, and what it names starts."""
    expect(lab.has_sandbox, f"no sandbox named {lab.name} is installed")
    try:
        lab.sandbox  # noqa: B018 - starts it
    except SandboxError as error:
        said = [line.strip() for line in error.en.strip().splitlines()]
        places = [line for line in said if line.startswith("File ")]  # of its traceback; the last one is the cause's
        raise Violation(f"the sandbox does not start: {' '.join([said[-1], *places[-1:]])}") from error
