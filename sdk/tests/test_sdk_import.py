"""`import dougong_sdk` is light, and every name that it promises is there."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dougong_sdk


def test_importing_the_package_loads_neither_httpx_nor_a_server():
    code = "import sys, dougong_sdk; print([m for m in ('httpx', 'starlette', 'granian', 'attrs') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert shown.strip() == "[]"


@pytest.mark.parametrize("name", dougong_sdk.__all__)
def test_every_name_is_there(name):
    assert callable(getattr(dougong_sdk, name))


def test_a_misspelt_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="RestSesion"):
        dougong_sdk.RestSesion  # noqa: B018


@pytest.mark.parametrize("module", ["dougong_sdk.rest", "dougong_sdk.auth", "dougong_sdk.soap", "dougong_sdk.xml"])
def test_what_an_extra_brings_is_loaded_only_when_it_is_used(module):
    code = (
        f"import sys, {module}; print([m for m in ('zeep', 'lxml', 'signxml', 'jwt', 'requests') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert shown.strip() == "[]"
