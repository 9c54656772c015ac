"""How what the package makes of functions travels to other processes: by its name, or by what it was made of."""
from __future__ import annotations

import sys
from typing import Any

__all__ = ["by_name"]


def by_name(value: Any) -> str | None:
    """For __reduce__ of a callable: the name by which its module has it, as a decorated function is found, or None.

    None also where cloudpickle asks and would not take a function by its name: one of `__main__`, which a notebook's workers
    do not have, or of a module registered with it.  It is told apart by the frame that pickles, since pickle itself is C and
    tells a __reduce__ nothing but the protocol.
    """
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str):
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not value:
        return None
    asking = sys._getframe(2).f_globals
    if asking.get("__name__", "").endswith("cloudpickle.cloudpickle"):
        parts = module.split(".")
        registered = asking["list_registry_pickle_by_value"]()
        if module == "__main__" or any(".".join(parts[:n + 1]) in registered for n in range(len(parts))):
            return None
    return name
