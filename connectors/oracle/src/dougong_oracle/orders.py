"""An order to import a file, as both protocols write it; pure, since core freezes it (oracle.md §2.3, §4.2)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dougong.formats import json_text
from dougong_oracle.settings import OracleSettings

if TYPE_CHECKING:  # zeep comes with the first message of SOAP
    from dougong_sdk.soap import SoapService

__all__ = ["IMPORT", "import_order", "service", "written"]

#: What both protocols call it.
IMPORT = "importBulkData"


def import_order(
    file: str, archive: bytes, account: str, job: str, parameters: str, interface: int, settings: OracleSettings
) -> dict[str, str]:
    """An import, by the names of `erpintegrations`.

    :param file: name of the zip `archive`. :param account: of the content server. :param interface: id of the interface
        (InterfaceDetails).
    """
    return {
        "DocumentContent": base64.b64encode(archive).decode(),
        "ContentType": "zip",
        "FileName": file,
        "DocumentAccount": account,
        "JobName": job,
        "ParameterList": parameters,
        "JobOptions": f"InterfaceDetails={interface},ImportOption=Y,PurgeOption=Y,ExtractFileType=ALL",
        "NotificationCode": "10",
        "CallbackURL": settings.notify_url or "#NULL",
    }


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
