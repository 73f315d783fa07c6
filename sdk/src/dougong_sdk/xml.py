"""XML from others, read with hard limits: no document type, no entities, nothing from file or network."""

from __future__ import annotations

from typing import Any

from dougong_sdk.errors import BadAnswer
from dougong_sdk.messages import MAX_ANSWER

__all__ = ["parse"]


def parse(content: bytes, *, limit: int = MAX_ANSWER) -> Any:
    """The root element (of lxml), comments and processing instructions left out.

    The parser itself stops at a depth of 256, at texts over 10 MB and at entities that grow; needs `dougong-sdk[soap]`
    or `[saml]`.

    :param limit: bytes.
    :raises BadAnswer: it is too large, not well-formed, or has a document type.

    .. versionadded:: 0.1
    """
    from lxml import etree

    if len(content) > limit:
        raise BadAnswer(f"XML 超过 {limit} 字节", f"the XML exceeds {limit} bytes")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise BadAnswer(f"应答不是完整的 XML: {error.msg}", f"the answer is no whole XML: {error.msg}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadAnswer("XML 含文档类型声明, 不予读取", "the XML has a document type, which is not read")
    return root
