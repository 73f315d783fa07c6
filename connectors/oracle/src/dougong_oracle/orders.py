"""An order to import a file, as both protocols write it; pure, since core freezes it (oracle.md §2.3, §4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dougong.formats import json_text
from dougong_oracle.settings import OracleSettings

if TYPE_CHECKING:  # zeep comes with the first message of SOAP
    from dougong_sdk.soap import SoapService

__all__ = ["IMPORT", "service", "written"]

#: What both protocols call it.
IMPORT = "importBulkData"


def written(order: Mapping[str, str], settings: OracleSettings) -> tuple[bytes, str]:
    """The bytes of an import, and their media type. :param order: by the names of `erpintegrations`."""
    if settings.transport == "rest":
        return json_text.dumps({"OperationName": IMPORT, **order}).encode(), "application/json"
    document = {
        "Content": order["DocumentContent"],
        **{name: order[name] for name in ("FileName", "ContentType", "DocumentAccount")},
    }
    values = {
        "document": document,
        "jobDetails": {name: order[name] for name in ("JobName", "ParameterList")},
        "notificationCode": order["NotificationCode"],
        "callbackURL": order["CallbackURL"],
        "jobOptions": order["JobOptions"],
    }
    return service().envelope(IMPORT, values), "text/xml"


@cache
def service() -> SoapService:
    """What the messages of the service look like; read once per process."""
    from dougong_sdk.soap import SoapService

    return SoapService(Path(__file__).with_name("service.wsdl"))
