"""An emulated S/4HANA: "Journal Entry - Post" over SOAP, journal entries and master data over OData V2."""

from __future__ import annotations

from .product import SapSandbox

__all__ = ["SapSandbox"]
