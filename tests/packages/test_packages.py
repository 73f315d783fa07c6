"""Packages of other people: one that works is found, used and gone again; broken ones are rows and take nobody down."""

from __future__ import annotations

import json
from pathlib import Path

from wheels import Wheel

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "documents"

ACME = Wheel(
    "acme",
    "dougong-acme",
    body='''
    @hookimpl
    def open_session(self):
        return Path(self.settings.file)

    @hookimpl
    def default_mapping(self, operation):
        return """
            connector = "acme"
            target = "V"
            from = "voucher"
            [fields]
            total = "sum(line.amount for line in voucher.lines if line.side == 'D')"
            """

    @hookimpl
    def pull_master_data(self, kinds):
        for code in ("6601.02", "6601.03", "6602.01", "6602.02", "6602.03", "2221.01.01", "2241.01"):
            yield MasterRecord("account", code, code)

    @hookimpl
    def push(self, message, session):
        sent = json.loads(message.body, parse_float=Decimal)
        with session.open("a") as file:
            file.write(json.dumps({"reference": sent["reference"], "total": str(sent["total"])}) + "\\n")
        return Done(self._postings(session)[-1])

    @hookimpl
    def find(self, wanted, session):
        for want in wanted:
            found = [one for one in self._postings(session) if one.reference == want.reference]
            yield Found(want.item, found[0]) if found else Absent(want.item, "the file")

    def _postings(self, path):
        rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [
            Posting(str(n), Stage.DRAFT, f"A-{n}", row["reference"], total=Decimal(row["total"]))
            for n, row in enumerate(rows, 1)
        ]
    ''',
)

#: Package that cannot be used → what its row says, in English and in Chinese.
BROKEN = {
    Wheel("exits", "dougong-exits", source="import sys; sys.exit('bye')"): ("SystemExit: bye", "导入失败"),
    Wheel("interrupts", "dougong-interrupts", source="raise KeyboardInterrupt"): ("KeyboardInterrupt", "导入失败"),
    Wheel("raises", "dougong-raises", source="class Odd(BaseException): pass\nraise Odd('odd')"): (
        "Odd: odd",
        "导入失败",
    ),
    Wheel("recurses", "dougong-recurses", source="def f(): return f()\nf()"): ("RecursionError", "导入失败"),
    Wheel("misspells", "dougong-misspells", source="def"): ("SyntaxError", "导入失败"),
    Wheel("lacks", "dougong-lacks", source="import a_package_that_nobody_has"): ("No module named", "导入失败"),
    Wheel(
        "newer",
        "dougong-newer",
        more='class Connector: about = About(product="newer", title=Text("", ""), settings=Settings, contract=7)',
    ): ("contract version 7, this core has version 1", "契约版本 7"),
    Wheel("stranger", "dougong-stranger", source="class Connector: pass"): ("class attribute about", "类属性 about"),
    Wheel("function", "dougong-function", source="def Connector(settings): return settings"): (
        "found function instead",
        "实为 function",
    ),
    Wheel("unmarked", "dougong-unmarked", body="def push(self, message): ..."): (
        "Connector.push (dougong-unmarked 1.0): has a hook's name but no @hookimpl",
        "缺少 @hookimpl",
    ),
    Wheel("mistaken", "dougong-mistaken", body="@hookimpl\ndef push(self, message, sesion): ..."): (
        "sesion",
        "签名与契约不符",
    ),
    Wheel("defaults", "dougong-defaults", body="@hookimpl\ndef push(self, message, session=None): ..."): (
        "would never be given session",
        "session 永远不会被传入",
    ),
}


def connect(customer, name, entity, **settings):
    """A connection to a product, with a route of its own."""
    customer.change("rules/a01.toml", '["A01"', f'["A01", "{name}"')
    lines = "".join(f"{key} = {json.dumps(str(value))}\n" for key, value in settings.items())
    with (customer.folder / "dougong.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'\n[connections.{name}]\nconnector = "{name}"\ntarget_stage = "draft"\n'
            f"\n[connections.{name}.settings]\n{lines}"
            f'\n[[routes]]\nentity = "{entity}"\nbook = "{name}"\nconnection = "{name}"\n'
        )


def report(customer, number, entity="A01"):
    content = json.loads((DOCUMENTS / "trip.json").read_text("utf-8"))
    content |= {"id": number, "number": number, "advances": [], "entity": entity}
    content["payees"] = [{"kind": "employee", "code": "E001", "amount": "2208.00"}]
    for invoice in content["invoices"]:
        invoice["number"] += number[1:]  # nobody claims an invoice twice
    return str(customer.file(f"{number}.json", content))


def states(done):
    """Document number → state, of what a command has printed."""
    assert done.printed, done.err
    return {row["documents"][0]: row["state"] for row in done.printed}


def test_one_that_works_is_found_and_used_and_gone_when_it_is_removed(environment, here, customer, erp, tmp_path):
    file = tmp_path / "acme.jsonl"
    connect(customer, "acme", "A02", file=file)
    environment.install(ACME)
    (row,) = environment.connectors(customer.folder)["acme"]
    assert (row["distribution"], row["version"], row["state"]) == ("dougong-acme", "1.0", "ok")
    assert row["operations"] == ["V.create"]
    first, second = report(customer, "B1", "A02"), report(customer, "B2")
    pushed = customer.dougong("push", "--json", first, second)
    assert states(pushed) == {"B1": "delivered", "B2": "delivered"}, pushed.out + pushed.err
    assert [json.loads(line)["total"] for line in file.read_text("utf-8").splitlines()] == ["2208.00"]

    environment.uninstall_all()
    assert "acme" not in environment.connectors(customer.folder)
    first, second = report(customer, "B3", "A02"), report(customer, "B4")
    planned = customer.dougong("plan", "--json", first, second).printed
    assert [(row["documents"], row.get("state")) for row in planned] == [(["B3"], "held"), (["B4"], None)]
    pushed = customer.dougong("push", "--json", first, second)
    assert pushed.status == 2
    assert states(pushed) == {"B3": "held", "B4": "delivered"}
    assert "pip install dougong-acme" in pushed.err

    environment.install(ACME)
    assert states(customer.dougong("run", "--json"))["B3"] == "delivered"
    assert len(file.read_text("utf-8").splitlines()) == 2


def test_each_broken_one_is_a_row_with_its_reason_and_the_others_go_on(environment, customer, erp):
    environment.install(*BROKEN)
    for number, wheel in enumerate(BROKEN):
        connect(customer, wheel.name, f"X{number}")
    rows = environment.connectors(customer.folder)
    english, chinese = (environment.dougong(customer.folder, "connectors", lang=lang) for lang in ("en", "zh"))
    assert (english.status, chinese.status) == (0, 0)
    for wheel, (en, zh) in BROKEN.items():
        (row,) = rows[wheel.name]
        assert row["state"] == ("too_new" if wheel.name == "newer" else "broken")
        assert f"{wheel.dist} 1.0" in row["reason"]
        assert en in row["reason"]
        assert en in english.out + english.err
        assert zh in chinese.out + chinese.err
    assert [row["state"] for name in ("kingdee", "hesi") for row in rows[name]] == ["ok", "ok"]

    paths = [report(customer, "B1"), *(report(customer, f"C{n}", f"X{n}") for n in range(len(BROKEN)))]
    pushed = environment.dougong(customer.folder, "push", "--json", *paths)
    assert pushed.status == 2
    held = {f"C{n}": "held" for n in range(len(BROKEN))}
    assert states(pushed) == {"B1": "delivered", **held}, pushed.out + pushed.err
    assert len(erp.postings()) == 1


def test_one_that_claims_anothers_name_runs_only_if_it_is_chosen(environment, here, customer, erp):
    environment.install(Wheel("kingdee", "evil-kingdee", source="raise SystemExit('imported')"))
    rows = environment.connectors(customer.folder)["kingdee"]
    assert [(row["distribution"], row["state"]) for row in rows] == [
        ("dougong-kingdee", "duplicate"),
        ("evil-kingdee", "duplicate"),
    ]
    assert all("dougong-kingdee 0.1.0, evil-kingdee 1.0" in row["reason"] for row in rows)
    pushed = customer.dougong("push", "--json", report(customer, "B1"))
    assert (pushed.status, states(pushed)) == (2, {"B1": "held"})
    assert "choose with [plugins] allow" in pushed.err
    assert erp.postings() == []

    with (customer.folder / "dougong.toml").open("a", encoding="utf-8") as file:
        file.write('\n[plugins]\nallow = ["dougong-kingdee", "dougong-hesi"]\n')
    ran = customer.dougong("run", "--json")
    assert (ran.status, states(ran)) == (0, {"B1": "delivered"}), ran.err
