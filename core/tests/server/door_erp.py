"""An ERP that calls: what its connector makes of each address is what the tests look at."""

from __future__ import annotations

import hashlib
import hmac
from typing import ClassVar

import attrs

from dougong import hookimpl
from dougong.hookspecs import About
from dougong.model.operations import Ambiguity, Operation, Reference, Safety
from dougong.model.outcomes import Callback, CallbackRefused, Reply
from dougong.model.postings import Stage
from dougong.model.problems import Text

#: Every request that the connector was shown.
SEEN: list = []


@attrs.frozen
class Settings:
    callback_key: str = attrs.field(default="", repr=False)
    callback_user: str = ""


@attrs.frozen(eq=False)
class DoorErp:
    settings: Settings
    about: ClassVar[About] = About(
        product="door", title=Text("门", "Door"), settings=Settings, callback_secrets=("key",)
    )

    @hookimpl
    def operations(self):
        return [Operation("V", "create", Safety(Ambiguity.E, Reference("reference"), settle=0.0), (Stage.POSTED,))]

    @hookimpl
    def read_callback(self, request):
        SEEN.append(request)
        match request.path:
            case "/signed":
                self._verify(request)
            case "/raises":
                raise RuntimeError(f"the key is {self.settings.callback_key}")
            case "/nonsense":
                return Callback("m", reply=lambda _: 1 / 0)
            case "/documents":
                return Callback(request.query, documents=(request.body,), reply=Reply(202, b"taken"))
            case "/wsdl":
                return Callback("wsdl", reply=Reply(200, b"<wsdl/>", "text/xml", (("X-A", "1"), ("X-A", "2"))))
        return Callback(f"m-{request.body.hex()}", reply=Reply(200, b"thanks"))

    def _verify(self, request):
        expected = hmac.new(self.settings.callback_key.encode(), request.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(request.header("X-Signature") or "", expected):
            raise CallbackRefused("wrong signature")


@attrs.frozen(eq=False)
class Silent:
    settings: Settings
    about: ClassVar[About] = About(product="silent", title=Text("静", "Silent"), settings=Settings)

    @hookimpl
    def operations(self):
        return []
