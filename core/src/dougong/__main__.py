"""`python -m dougong`: the command, where no script of its name is on the path."""

from __future__ import annotations

import sys

from dougong.cli import main

if __name__ == "__main__":
    sys.exit(main())
