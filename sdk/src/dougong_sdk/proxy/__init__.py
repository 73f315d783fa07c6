"""A TCP proxy that breaks connections by script, in front of a server that is not ours.

An emulated ERP breaks its own answers (`dougong_sdk.sandbox`); a vendor's test system, a database or a broker does not.
This proxy stands before it, passes bytes both ways and breaks the requests that the script names. It reads no protocol,
so it works for any that asks and answers in turns, and under TLS without a certificate.
"""

from __future__ import annotations

from .faults import FAULTS, Fault
from .server import Proxy

__all__ = ["FAULTS", "Fault", "Proxy"]
