"""Imported once in the server that processes are forked from: does everything once, in a folder that is thrown away."""

from __future__ import annotations

import gc
import shutil
import tempfile
from importlib import util
from pathlib import Path

import contract_jobs

with tempfile.TemporaryDirectory() as _folder:
    for _shape in ("stepping", "linking"):
        _place = Path(_folder) / _shape
        _place.mkdir()
        contract_jobs.push(contract_jobs.Setup(_shape, _place), ["R1"])
    if util.find_spec("dougong_kingdee"):
        # no ERP answers there: everything up to the first call is done
        import dougong
        from dougong.flow import Project, read_files, work

        _place = Path(_folder) / "project"
        shutil.copytree(Path(dougong.__file__).parent / "templates" / "project", _place)
        (_place / "dougong.toml").write_text(
            '[connections.kingdee]\nconnector = "kingdee"\n[connections.kingdee.settings]\n'
            'base_url = "http://127.0.0.1:9/k3cloud/"\nacct_id = "1"\nuser = "u"\nlogin = "password"\n'
            '[connections.kingdee.secrets]\npassword = { env = "PATH" }\n'
            '[[routes]]\nentity = "A01"\nbook = "A01"\nconnection = "kingdee"\n',
            encoding="utf-8",
        )
        with Project(_place) as _project:
            read_files(_project, [])
            work(_project)
# what is here stays: a child that only reads it shares it
gc.collect()
gc.freeze()
