"""A process that posts: python posting_child.py <module> <settings as JSON> <first> <count> <batch size>.

Before each batch it says the number of its first posting on standard output, so that a test can kill it there.
"""

import importlib
import json
import sys

from tests.contracts.postings import numbered


def post_all(module: str, settings: dict[str, str], first: int, count: int, size: int) -> None:
    """Post the numbered postings first .. first + count - 1 in batches; a posting that did not take is an error."""
    adapter = importlib.import_module(module).open_adapter(settings)
    for start in range(first, first + count, size):
        sys.stdout.write(f"{start}\n")
        sys.stdout.flush()
        results = adapter.post([numbered(i) for i in range(start, min(start + size, first + count))])
        if {result.outcome.value for result in results} - {"posted", "already_posted"}:
            sys.exit(f"not posted: {results}")
    adapter.close()


if __name__ == "__main__":
    module, settings, *numbers = sys.argv[1:]
    post_all(module, json.loads(settings), *(int(number) for number in numbers))
