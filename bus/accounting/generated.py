"""Python functions made at load: source text that only this package writes, and the values it may name.

Nothing a user wrote is ever part of the text, except as a quoted literal of a name or a text from a checked tree.
The functions see no built-ins, only what was given a name here.
"""

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any


class Code:
    """The values that one generated function names."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {"__builtins__": {}}
        self._names: dict[int, str] = {}

    def name(self, value: Any) -> str:
        """The name under which the function finds a value."""
        known = self._names.get(id(value))
        if known is None:
            known = self._names[id(value)] = f"x{len(self._names)}"
            self._values[known] = value
        return known

    def function(self, title: str, parameters: str, body: Sequence[str]) -> Callable[..., Any]:
        """The function with these lines as its body. `title` stands for the file in a traceback."""
        source = "\n".join([f"def made({parameters}):", *(f"    {line}" for line in body)])
        FunctionType(compile(source, f"<{title}>", "exec"), self._values)()
        made: Callable[..., Any] = self._values["made"]
        return made
