"""The command `dougong` as the job of a process of its own."""

from __future__ import annotations

import importlib
import sys


def dougong(packages, arguments):
    """Run a command line; the process ends with its exit status.

    :param packages: folder with the metadata of installed connectors.
    """
    sys.path.insert(0, packages)
    importlib.invalidate_caches()
    import shapes

    from dougong.cli import main

    shapes.LISTENER.clear()  # what `warm` has tried out in the server listens no more: here the ERP calls by HTTP

    sys.exit(main(arguments))
