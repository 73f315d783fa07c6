"""What a pod says by itself: that the jobs of an import have ended (`onJobCompletion`, oracle.md §6).

It is a hint: the jobs are asked for afterwards. Who calls shows a SAML assertion, signed with the pod's certificate.
"""

from __future__ import annotations

from typing import Any

from dougong.formats import json_text
from dougong.hookspecs import Call
from dougong.model.messages import Correlation
from dougong.model.outcomes import Callback, CallbackRefused, CallbackRequest, Reply
from dougong_oracle.journals import FILE
from dougong_oracle.settings import OracleSettings
from dougong_sdk import xml
from dougong_sdk.rest import BadAnswer
from dougong_sdk.saml import NotVerified, verified_assertion

__all__ = ["read_callback"]

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_TAKEN = Reply(200, f'<env:Envelope xmlns:env="{_SOAP}"><env:Body/></env:Envelope>'.encode(), "text/xml")
_WHO_IS_IT = Reply(401, b"", "text/plain")


def read_callback(request: CallbackRequest, settings: OracleSettings, call: Call) -> Callback:
    """Which import a message at the door is about: its file has a name of our own.

    :raises CallbackRefused: it does not come from the pod. :raises BadAnswer: it tells of no jobs.
    """
    root = _verified(request, settings, call)
    told = next((node.text for node in root.iter() if _local(node) == "resultMessage"), None)
    tree: Any = json_text.loads(told or "null")
    jobs = tree.get("JOBS") if isinstance(tree, dict) else None
    if not isinstance(jobs, list) or not all(isinstance(job, dict) for job in jobs):
        raise BadAnswer("报文没有作业", "the message tells of no jobs")
    files = [str(job["DOCUMENTNAME"]) for job in jobs if job.get("DOCUMENTNAME")]
    name = "/".join(f"{job.get('REQUESTID')} {job.get('STATUS')}" for job in jobs)
    return Callback(f"jobs {name}", ask=tuple(Correlation(FILE, file) for file in files), reply=_TAKEN)


def _verified(request: CallbackRequest, settings: OracleSettings, call: Call) -> Any:
    """The message of the pod whose certificate we know; without one nobody is let in."""
    if request.method != "POST" or not settings.pod_certificate:
        raise CallbackRefused("no POST, or no certificate to know the pod by", _WHO_IS_IT)
    try:
        root = xml.parse(request.body)
    except BadAnswer as error:
        raise CallbackRefused(str(error), _WHO_IS_IT) from None
    assertion = next((node for node in root.iter() if _local(node) == "Assertion"), None)
    if assertion is None:
        raise CallbackRefused("no assertion", _WHO_IS_IT)
    try:
        verified_assertion(assertion, settings.pod_certificate, call.now)
    except NotVerified as error:
        raise CallbackRefused(str(error), _WHO_IS_IT) from None
    return root


def _local(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]
