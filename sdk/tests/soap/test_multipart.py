"""Answers in several parts: every byte of a part arrives as it was sent."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong_sdk import xml
from dougong_sdk.answers import Headers
from dougong_sdk.multipart import include_parts, split_parts
from dougong_sdk.rest import Answer, BadAnswer

INCLUDE = b'<a><i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:f%40erp"/></a>'


def answer(*parts, more=""):
    body = b"".join(b"--cut here\r\n" + part + b"\r\n" for part in parts) + b"--cut here--\r\n"
    head = f'Multipart/Related; type="application/xop+xml"; boundary="cut here"{more}'
    return Answer(200, Headers([("Content-Type", head)]), body)


def part(name, content):
    return b"Content-ID: <%s>\r\nContent-Transfer-Encoding: binary\r\n\r\n" % name + content


@given(st.binary(max_size=200).filter(lambda content: b"--cut" not in content))
def test_bytes_arrive_as_they_were_sent(content):
    root, parts = split_parts(answer(part(b"root", INCLUDE), part(b"f@erp", content)))
    assert (root, parts["f@erp"]) == (INCLUDE, content)
    tree = xml.parse(root)
    include_parts(tree, parts)
    assert base64.b64decode(tree.text) == content


def test_the_document_may_be_named_instead_of_coming_first():
    more = '; start="<root>"; start-info="text/xml"'
    assert split_parts(answer(part(b"f@erp", b"x"), part(b"root", b"<a/>"), more=more))[0] == b"<a/>"


def test_an_answer_in_one_part_is_its_own_document():
    assert split_parts(Answer(200, Headers([("Content-Type", "text/xml")]), b"<a/>")) == (b"<a/>", {})


@pytest.mark.parametrize("broken", [b"", b"--other\r\n\r\n<a/>\r\n--other--", b"<a/>"])
def test_parts_that_are_not_there_are_no_answer(broken):
    whole = answer()
    with pytest.raises(BadAnswer):
        split_parts(Answer(200, whole.headers, broken))


def test_a_name_of_a_document_that_is_not_there_is_no_answer():
    with pytest.raises(BadAnswer):
        split_parts(answer(part(b"root", b"<a/>"), more='; start="<other>"'))
