"""XML: elements named as the members, and a parser that refuses what no document needs."""

from __future__ import annotations

import pytest

from dougong import formats
from dougong.model.problems import InputError

WRITTEN = """<?xml version="1.0" encoding="UTF-8"?>
<documents>
  <document>
    <source>hesi</source>
    <tenant>corp</tenant>
    <type>expense</type>
    <id>1</id>
    <number>B1</number>
    <state>paid</state>
    <currency>CNY</currency>
    <reason>a &lt; b &amp; c&#13;
d</reason>
    <lines>
      <id>L1</id>
      <fee_type>餐费</fee_type>
      <gross>12.50</gross>
      <splits>
        <department>D1</department>
      </splits>
      <splits>
        <department>D2</department>
      </splits>
      <paid_by>
        <supplier>V1</supplier>
      </paid_by>
    </lines>
    <invoices>
      <id>I1</id>
      <kind>专票</kind>
      <gross>12.50</gross>
      <verified>false</verified>
    </invoices>
    <events>
      <id>t</id>
      <type>tax_confirmed</type>
      <on>2026-06-10</on>
      <invoices>I1</invoices>
      <invoices>I2</invoices>
    </events>
    <extensions>{"u":[1.50,"\\u0001]]&gt;"]}</extensions>
  </document>
</documents>
"""


def problem_of(content):
    with pytest.raises(InputError) as caught:
        formats.read_canonical(content if isinstance(content, bytes) else content.encode())
    return caught.value.problems[0]


def test_the_form_is_stable_and_reads_back():
    (entry,) = formats.read_canonical(WRITTEN.encode())
    document = entry.document
    assert document.reason == "a < b & c\r\nd"
    assert [split.department for split in document.lines[0].splits] == ["D1", "D2"]
    assert document.lines[0].paid_by.supplier == "V1"
    assert document.invoices[0].verified is False
    assert document.events[0].invoices == ("I1", "I2")
    assert formats.write_canonical([document], "xml") == WRITTEN


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('<!DOCTYPE document [<!ENTITY a "b">]><document><id>&a;</id></document>', "XML_FORBIDDEN"),
        ('<!DOCTYPE document SYSTEM "file:///etc/passwd"><document/>', "XML_FORBIDDEN"),
        ("<!DOCTYPE document><document/>", "XML_FORBIDDEN"),
        ('<document id="1"/>', "XML_FORBIDDEN"),
        ('<document xmlns="urn:x"/>', "XML_FORBIDDEN"),
        ("<document>" + "<a>" * 300 + "</a>" * 300 + "</document>", "XML_TOO_DEEP"),
        ("<document>&nbsp;</document>", "XML_INVALID"),
        ("<document>", "XML_INVALID"),
        ("<document></documents>", "XML_INVALID"),
        ("<document/><document/>", "XML_INVALID"),
        ("<document>\x01</document>", "XML_INVALID"),
        ("<documents><report/></documents>", "NOT_CANONICAL"),
        (
            '<?xml version="1.0" encoding="GBK"?><document><reason>差旅</reason></document>'.encode("gbk"),
            "ENCODING_INVALID",
        ),
        ("<document/>".encode("utf-16"), "ENCODING_INVALID"),
    ],
)
def test_what_no_document_needs_is_refused(content, code):
    problem = problem_of(content)
    assert problem.code == code
    assert "line 1" in problem.message.en


def test_a_declaration_of_another_encoding_does_not_matter_when_the_bytes_are_utf8():
    content = WRITTEN.replace('encoding="UTF-8"', 'encoding="GBK"').encode()
    assert formats.read_canonical(content) == formats.read_canonical(WRITTEN.encode())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("<id>1</id><id>2</id>", "given twice"),
        ("<lines>x</lines>", "elements, not text"),
        ("<id><b>1</b></id>", "text only"),
        ("<extensions>{</extensions>", "not valid JSON"),
    ],
)
def test_a_bad_document_among_good_ones_says_the_line(wrong, words):
    content = WRITTEN.replace("<id>1</id>", wrong).replace("</documents>", "") + WRITTEN.split("<documents>")[1]
    good, bad = sorted(
        formats.canonical_entries(content.encode()), key=lambda entry: type(entry).__name__, reverse=True
    )
    assert good.document.id == "1"
    assert bad.place == "line 3"
    assert words in bad.problems[0].message.en
    assert bad.problems[0].facts["line"] == "7"


def test_faults_of_members_have_the_same_paths_as_in_json():
    problem = problem_of(WRITTEN.replace("<gross>12.50</gross>", "<gross>12,50</gross>", 1))
    assert problem.path == "line 3: lines[0].gross"
    assert problem_of(WRITTEN.replace("false", "no")).path == "line 3: invoices[0].verified"


def test_unknown_elements_become_extensions():
    extra = (
        "<u_note>x</u_note><u_tag>a</u_tag><u_tag>b</u_tag><u_tag>c</u_tag><u_more><k>1</k><l>2</l><l>3</l></u_more>"
    )
    content = WRITTEN.replace("<extensions>", f"{extra}<extensions>")
    extensions = formats.read_canonical(content.encode())[0].document.extensions
    assert extensions["u_note"] == "x"
    assert extensions["u_tag"] == ["a", "b", "c"]
    assert extensions["u_more"] == {"k": "1", "l": ["2", "3"]}


def test_text_that_xml_cannot_hold_is_not_written():
    document = formats.read_canonical(WRITTEN.encode())[0].document
    broken = type(document)(**{**_members(document), "reason": "\x01"})
    with pytest.raises(InputError, match="reason"):
        formats.write_canonical([broken], "xml")


def _members(document):
    return {field.name: getattr(document, field.name) for field in document.__attrs_attrs__}
