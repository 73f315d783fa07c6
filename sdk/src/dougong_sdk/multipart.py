"""Answers in several parts (MTOM, XOP): an XML document, and beside it the binary content that it refers to."""

from __future__ import annotations

import base64
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import unquote

from dougong_sdk.errors import BadAnswer
from dougong_sdk.messages import Answer

__all__ = ["include_parts", "split_parts"]

_INCLUDE = "{http://www.w3.org/2004/08/xop/include}Include"


def split_parts(answer: Answer) -> tuple[bytes, dict[str, bytes]]:
    """The XML document of an answer, and its other parts by content id.

    :raises BadAnswer: it says that it has parts, and has none.

    .. versionadded:: 0.1
    """
    media_type = answer.headers.get("content-type", "")
    if not media_type.lower().startswith("multipart/related"):
        return answer.content, {}
    head = b"Content-Type: " + media_type.encode("latin-1") + b"\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes(head + answer.content)
    parts = [part for part in message.get_payload() if isinstance(part, Message)] if message.is_multipart() else []
    # The document is the first part, unless `start` names another (RFC 2387).
    start = message.get_param("start") or (parts and parts[0].get("Content-ID"))
    root = next((part for part in parts if part.get("Content-ID") == start), None)
    if root is None:
        raise BadAnswer("多部分应答不可读", "the answer in several parts cannot be read")
    return _content(root), {str(part.get("Content-ID", "")).strip("<>"): _content(part) for part in parts}


def include_parts(root: Any, parts: dict[str, bytes]) -> None:
    """Put every part that the document refers to in its place, as base64.

    :raises BadAnswer: a part is missing.

    .. versionadded:: 0.1
    """
    for include in list(root.iter(_INCLUDE)):
        content = parts.get(unquote(include.get("href", "")).removeprefix("cid:"))
        if content is None:
            raise BadAnswer("应答缺少其引用的部分", "a part that the answer refers to is missing")
        parent = include.getparent()
        parent.remove(include)
        parent.text = base64.b64encode(content).decode("ascii")


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
