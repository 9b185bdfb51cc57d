"""Every stable error code with its words in English and Chinese, from bus/words. docs/errors.md is made from it."""

from typing import Final

from bus.words import door, events, imports, ledgers, pipeline, rules, running
from bus.words.entry import Words

CATALOGUE: Final[dict[str, Words]] = {
    code: words
    for group in (events, door, rules, pipeline, ledgers, imports, running)
    for code, words in group.WORDS.items()
}
