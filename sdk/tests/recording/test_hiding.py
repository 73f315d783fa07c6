"""What is hidden and what stays, piece by piece; what a replay takes for the same."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from urllib.parse import quote

import pytest

from dougong_sdk.recording.bodies import Body
from dougong_sdk.recording.exchange import Answered, Asked, Exchange
from dougong_sdk.recording.headers import hide_headers, hide_target
from dougong_sdk.recording.hiding import PSEUDONYM, Hider
from dougong_sdk.recording.schema import Schema


@pytest.fixture
def hider():
    return Hider(Schema(), ["s3cret+/&中 x", "8888"])


@pytest.mark.parametrize(
    "number",
    [
        "6222021234567890128",
        "6222 0212 3456 7890 128",
        "4111-1111-1111-1111",
        "11010519491231002X",
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "a.b+c@example.com",
    ],
)
def test_numbers_with_their_check_digit_are_hidden(hider, number):
    for text in (number, f"账号{number}。", f'x "{number}",', f"({number})"):
        assert number not in hider.text(text)
        assert len(PSEUDONYM.findall(hider.text(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "6222021234567890123",  # no card: the check digit is wrong
        "110105194912310021",
        "DE88370400440532013000",
        "1732400000123456789",
        "26312000000000000101",  # a digital invoice
        "6222021234567890.12",
        "0.6222021234567890128",
        "x6222021234567890128",
        "voucher 记-44 of 2026-11, 12345678.90",
        "DG8K2M4N6P8R0T2V4X6Z",
        "18888.00",
        "1.8888",
    ],
)
def test_amounts_references_and_ids_stay(hider, text):
    assert hider.text(text) == text


@pytest.mark.parametrize(
    "spell",
    [
        str,
        quote,
        lambda text: quote(text, safe="").lower(),
        lambda text: quote(quote(text, safe=""), safe=""),
        lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
        lambda text: text.replace(" ", "+"),
        json.dumps,
        lambda text: json.dumps(json.dumps(text)),
        lambda text: text.replace("&", "&amp;"),
        lambda text: "".join(f"&#{ord(sign)};" for sign in text),
        lambda text: "".join(f"&#x{ord(sign):04X};" for sign in text),
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex().upper(),
        lambda text: base64.b64encode(f"{text}".encode()).decode(),
        lambda text: base64.b64encode(f"a{text}b".encode()).decode(),
        lambda text: base64.urlsafe_b64encode(f"ab{text}c".encode()).decode().rstrip("="),
        lambda text: quote(base64.b64encode(f"a{text}b".encode()).decode(), safe=""),
    ],
)
def test_a_known_text_is_hidden_in_every_spelling(hider, spell):
    secret = "s3cret+/&中 x"
    hidden = hider.text(f"before {spell(secret)} after")
    assert hidden.replace('\\"', "").replace("\\", "").replace('"', "") == f"before {hider.pseudonym(secret)} after"


def test_a_known_number_is_hidden_only_where_it_stands_alone(hider):
    assert hider.text("pin 8888, 8888. 18888 8888.00") == (
        f"pin {hider.pseudonym('8888')}, {hider.pseudonym('8888')}. 18888 8888.00"
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Password", "secret"),
        ("db_pass_word", "secret"),
        ("KDSVCSessionId", "secret"),
        ("X-Acme-Access-Token", "secret"),
        ("wsse:Password", "secret"),
        ("app_id", "secret"),
        ("token_type", ""),
        ("design", ""),
        ("hotel", ""),
        ("FBankAccountNo", "personal"),
        *(
            (name, "personal")
            for name in ("payee", "payeeAccountName", "creatorName", "operator", "openid", "nickName")
        ),
        ("jwt", "secret"),
        ("收款银行账号", "personal"),
        ("mobile_phone", "personal"),
        ("account", "account"),
        ("GLAccountNumber", "account"),
        ("FACCOUNTID", ""),
        ("FAccountBookID", ""),
        ("name", ""),
        ("", ""),
    ],
)
def test_names_say_why(name, kind):
    assert Schema().kind(name) == kind


@pytest.mark.parametrize(
    ("value", "hidden"),
    [("6602.01", False), ("0000476000", False), ("3100 0228 8999 0000 123", True), ("DE89370400440532013000", True)],
)
def test_an_account_is_hidden_where_it_is_one_at_a_bank(hider, value, hidden):
    assert bool(PSEUDONYM.fullmatch(hider.leaf("account", value))) is hidden


def test_running_text_that_names_a_secret(hider):
    for text in (
        "password=hunter2x, ok",
        '{"token": "hunter2x", broken',
        "Authorization: Bearer hunter2x",
        r"{\"Password\":\"hunter2x\"",
        '"pwd": "hunter2x and more"',
    ):
        assert "hunter2x" not in hider.text(text)
        assert "and more" not in hider.text(text)


def test_headers_keep_their_form(hider):
    pairs = hide_headers(
        [
            ("Cookie", "a=first-cookie; b=second-cookie"),
            ("Set-Cookie", "sid=third-cookie; Path=/; HttpOnly"),
            ("Authorization", "Bearer the-token"),
            ("authorization", "the-token-alone"),
            ("X-Kd-Appkey", "210001_abc"),
            ("Location", "/next?token=the-token&page=2"),
            ("Content-Type", "application/json"),
        ],
        hider,
    )
    p = hider.pseudonym
    assert [value for _, value in pairs] == [
        f"a={p('first-cookie')}; b={p('second-cookie')}",
        f"sid={p('third-cookie')}; Path=/; HttpOnly",
        f"Bearer {p('the-token')}",
        p("the-token-alone"),
        p("210001_abc"),
        f"/next?token={p('the-token')}&page=2",
        "application/json",
    ]


def test_a_query_in_which_nothing_is_hidden_stays_as_it_was_written(hider):
    assert hide_target("/a?q=%e4%b8%ad+x&y", hider) == "/a?q=%e4%b8%ad+x&y"
    assert hide_target("/a?token=abc&ref=DG1", hider) == f"/a?token={hider.pseudonym('abc')}&ref=DG1"


def test_numbers_stay_numbers_and_exact(hider):
    content = b'{"a":1.10,"b":12345678901234567890.01,"c":true,"d":null,"e":[0],"phone":13812345678}'
    hidden = Body.read(content, "application/json").hidden(hider).value
    assert str(hidden["a"]) == "1.10"
    assert hidden["b"] == Decimal("12345678901234567890.01")
    assert (hidden["c"], hidden["d"], hidden["e"]) == (True, None, [0])
    assert PSEUDONYM.fullmatch(hidden["phone"])


def test_what_lies_below_a_hidden_name_is_hidden(hider):
    content = b'{"credentials":{"user":"somebody","parts":["first-part"]},"bank_account":{"number":"123","open":true}}'
    hidden = Body.read(content, "application/json").hidden(hider).value
    assert "somebody" not in str(hidden)
    assert "first-part" not in str(hidden)
    assert hidden["bank_account"] == {"number": hider.pseudonym("123"), "open": True}


def test_columns_of_a_query_have_names(hider):
    hider = Hider(Schema(columns=["FieldKeys"], forms=["FormId"], personal=["BD_Empinfo.FName"]))

    def rows(form):
        asked = json.dumps({"data": {"FormId": form, "FieldKeys": "FNumber, FName"}}).encode()
        answered = Body.read('[["E1","王五"],["E2",null]]'.encode(), "application/json")
        made = Exchange(Asked("POST", "/q", [], Body.read(asked, "application/json")), Answered(200, [], answered))
        return made.hidden(hider).answered.body.value

    assert rows("BD_Department") == [["E1", "王五"], ["E2", None]]
    assert rows("BD_Empinfo") == [["E1", hider.pseudonym("王五")], ["E2", None]]
    assert hider.text("王五报销") == f"{hider.pseudonym('王五')}报销"


@pytest.mark.parametrize(
    ("content", "media_type", "kind"),
    [
        ('{"a":"中"}'.encode(), "", "json"),
        (b'{"a":1,"a":2}', "application/json", "text"),
        (b"true", "application/json", "json"),
        (b"<a>\r\n <b/>\n</a>", "text/xml", "xml"),
        (b"a=1&b=", "application/x-www-form-urlencoded", "form"),
        (b"a=%d6%d0", "application/x-www-form-urlencoded", "text"),
        ("中文\n第二行".encode("gb18030"), "text/plain; charset=GB18030", "text"),
        ("中文".encode("gb18030"), "text/plain", "text"),
        (b"\x00\xff\xfe\x80", "application/octet-stream", "base64"),
        (b"", "", ""),
    ],
)
def test_every_body_is_written_and_read_again(hider, content, media_type, kind):
    body = Body.read(content, media_type)
    assert body.kind == kind
    assert Body.of(json.loads(json.dumps(body.data()))).content() == content
    assert body.hidden(hider).content() == content


def test_bytes_with_a_secret_in_them_are_hidden_whole():
    hider = Hider(Schema(), ["binary-secret"])
    body = Body.read(b"\xff\xfe binary-secret", "application/octet-stream").hidden(hider)
    assert PSEUDONYM.fullmatch(body.value)
    assert body.hidden(hider) == body
    assert b"binary-secret" not in body.content()


XML = "<a x='1'><Phone>13812345678</Phone><n>1.0</n><ts>5</ts></a>"


@pytest.mark.parametrize(
    ("recorded", "asked", "place"),
    [
        ('{"a":1,"b":[1.10]}', '{"b":[1.1],"a":1}', None),
        ('{"a":1}', '{"a":2}', "a"),
        ('{"a":1}', '{"a":true}', "a"),
        ('{"a":{"b":[1]}}', '{"a":{"b":[1,2]}}', "a.b"),
        ('{"a":1}', '{"a":1,"c":2}', "c"),
        ('{"a":1,"timestamp":5,"Nonce":"x"}', '{"a":1,"timestamp":6}', None),
        ('{"password":"first-one"}', '{"password":"another one"}', None),
        ('{"password":"first-one"}', '{"password":7}', None),
        ('{"password":"first-one"}', '{"password":null}', "password"),
        ('{"t":"x 6222021234567890128 y"}', '{"t":"x 4111 y"}', None),
        ('{"t":"x 6222021234567890128 y"}', '{"t":"x 4111 z"}', "t"),
        ('{"in":"{\\"pwd\\":\\"secret-1\\",\\"n\\":1}"}', '{"in":"{\\"n\\": 1, \\"pwd\\": \\"x\\"}"}', None),
        ('{"in":"{\\"pwd\\":\\"secret-1\\",\\"n\\":1}"}', '{"in":"{\\"n\\": 2, \\"pwd\\": \\"x\\"}"}', "in"),
        (XML, XML.replace("><", ">\n  <").replace("13812345678", "13999999999").replace(">5<", ">6<"), None),
        (XML, XML.replace("1.0", "2.0"), "a/n"),
        (XML, XML.replace("x='1'", "x='2'"), "a"),
        (XML, XML.replace("</a>", "<m/></a>"), "a"),
        ("plain", "plain", None),
        ("plain", "other", ""),
        ("plain", '{"a":1}', ""),
    ],
)
def test_what_a_replay_takes_for_the_same(hider, recorded, asked, place):
    kept = Body.read(recorded.encode(), "").hidden(hider)
    assert kept.difference(Body.read(asked.encode(), ""), hider.schema) == place


def test_many_persons_are_hidden_in_good_time(hider):
    for number in range(3000):
        hider.leaf("personal", f"某{number:05}员工")
    body = Body.read(json.dumps({"rows": [[f"E{n}", "某00042员工", "text"] for n in range(1000)]}).encode(), "")
    assert "某00042员工" not in str(body.hidden(hider).value)


def test_the_longer_of_two_names_goes_first(hider):
    for name in ("王五", "王五六"):
        hider.leaf("personal", name)
    assert hider.text("王五六与王五") == f"{hider.pseudonym('王五六')}与{hider.pseudonym('王五')}"


@pytest.mark.parametrize("sign", ["A", "1", "\\", "<", "'", " ", "x:", '{"', "%", "&"])
def test_long_texts_are_hidden_in_good_time(sign):
    hider = Hider(Schema(), [f"known-secret-{number:04}" for number in range(5)])
    hider.leaf("personal", "某某员工")
    text = sign * 100_000
    assert hider.text(text) == text
    body = Body.read(f"<a>{sign * 20_000}".encode(), "text/xml")
    body.hidden(hider)
