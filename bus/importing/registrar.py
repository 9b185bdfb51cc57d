"""Makes documents known to the bus, each once, in batches."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from bus.importing.scratch import Scratch


class Registrar:
    """Collects (company, document key) pairs; `flush` before what depends on them."""

    def __init__(self, register: Callable[[str, Sequence[str]], None], scratch: Scratch, batch_size: int) -> None:
        """`scratch` remembers which have been seen."""
        self._register, self._scratch, self._batch_size = register, scratch, batch_size
        self._pending: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, documents: Iterable[tuple[str, str]]) -> None:
        """Note documents; new ones are registered with the next full batch."""
        for company, document in documents:
            if self._scratch.is_new(company, document):
                self._pending[company].append(document)
                if len(self._pending[company]) >= self._batch_size:
                    self._register(company, self._pending.pop(company))

    def skip(self, documents: Iterable[tuple[str, str]]) -> None:
        """Note documents that an earlier run has registered."""
        for company, document in documents:
            self._scratch.is_new(company, document)

    def flush(self) -> None:
        """Register what is pending."""
        for company in list(self._pending):
            self._register(company, self._pending.pop(company))
