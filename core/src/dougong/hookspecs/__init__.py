"""The contract between core and plugins: what a connector answers and what an add-on may observe.

Two spec classes, so that a hook cannot be implemented on the wrong level:

* `ConnectorSpec`: exactly one connector per connection answers.
* `AddonSpec`: the integrator's observers, in the order of the configuration.

Hooks are plain synchronous methods marked with `dougong.hookimpl`; concurrency belongs to the runtime. An
implementation may leave out arguments that it does not need. All values are frozen classes of `dougong.model`.

A connector is one class per product, `@attrs.frozen(eq=False)`, built from its settings; what is mutable lives in the
session::

    @attrs.frozen(eq=False)
    class AcmeConnector:
        settings: AcmeSettings
        about = About(product="acme", title=Text("示例", "Acme"), settings=AcmeSettings)

        @hookimpl
        def operations(self): ...
"""

from __future__ import annotations

from dougong.hookspecs.addon import AddonSpec, Change, Hold, TransitionEvent
from dougong.hookspecs.call import About, Call, Deadline
from dougong.hookspecs.connector import ConnectorSpec, TargetField
from dougong.markers import hookimpl, hookspec

__all__ = [
    "About",
    "AddonSpec",
    "Call",
    "Change",
    "ConnectorSpec",
    "Deadline",
    "Hold",
    "TargetField",
    "TransitionEvent",
    "hookimpl",
    "hookspec",
]
