"""`python -m dougong_sdk.describe MODULE:CLASS…`: write the `connector.json` of a connector's package anew."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from dougong.plugins import write_descriptions

__all__ = ["main"]


def main(targets: Sequence[str]) -> Path:
    """Describe the classes, all of one package; `dougong connectors` then knows them without importing them.

    :param targets: `module:Class` of each product, as in the entry points.
    :returns: the file.
    :raises SystemExit: with how it is called, where a target is missing or names no class.

    .. versionadded:: 0.1
    """
    if not targets or not all(name and cls for name, _, cls in (one.partition(":") for one in targets)):
        sys.exit("python -m dougong_sdk.describe MODULE:CLASS…, such as dougong_acme.connector:AcmeConnector")
    classes = [getattr(importlib.import_module(name), cls) for name, _, cls in (one.partition(":") for one in targets)]
    package = importlib.import_module(classes[0].__module__.partition(".")[0])
    file = Path(str(package.__file__)).with_name("connector.json")
    write_descriptions(file, classes)
    return file


if __name__ == "__main__":
    main(sys.argv[1:])
