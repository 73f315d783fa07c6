"""Mapping: a booking → the ERP's payload, two columns in TOML, compiled once into one function (contract.md §7).

    mapping = compile_mapping(path.read_text("utf-8"), path="mappings/kingdee/GL_VOUCHER.toml")
    payload = mapping(voucher, codes)

Pure: no I/O, no clock. Our reference is core's: `place_reference` writes it, after an add-on's changes.
"""

from __future__ import annotations

from dougong.mapping.changes import apply_changes
from dougong.mapping.compiled import CompiledMapping, compile_mapping, source_of
from dougong.mapping.errors import MappingError
from dougong.mapping.functions import FUNCTIONS
from dougong.mapping.reference import place_reference
from dougong.mapping.schema import schema

__all__ = [
    "FUNCTIONS",
    "CompiledMapping",
    "MappingError",
    "apply_changes",
    "compile_mapping",
    "place_reference",
    "schema",
    "source_of",
]
