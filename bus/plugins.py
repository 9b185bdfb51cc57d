"""Adapters and the publisher by name: the only place where the bus meets code outside its rooms."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Final, cast

from bus.errors import Permanent
from bus.ports import FinanceAdapter, Publisher

FINANCE: Final = "adapters.finance"
PUBLISHER: Final = "workers.publisher"


def open_finance_adapter(name: str, settings: Mapping[str, str]) -> FinanceAdapter:
    """The finance adapter of module adapters/finance/<name>.py. Raises Permanent ADAPTER_UNKNOWN."""
    module = f"{FINANCE}.{name}"
    if not name.isidentifier() or find_spec(module) is None:
        raise Permanent("ADAPTER_UNKNOWN", f"there is no adapters/finance/{name}.py", detail={"adapter": name})
    return cast(FinanceAdapter, import_module(module).open_adapter(settings))


def open_publisher() -> Publisher:
    """The publisher of internal wake-ups."""
    return cast(Publisher, import_module(PUBLISHER).open_publisher())
