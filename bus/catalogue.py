"""Every stable error code with its words in English and Chinese, from bus/words. docs/errors.md is made from it."""

from typing import Final

from bus.words import channel, door, events, imports, ledgers, pipeline, rules, running, sending
from bus.words.entry import Words

CATALOGUE: Final[dict[str, Words]] = {
    code: words
    for group in (events, door, rules, pipeline, ledgers, imports, running, channel, sending)
    for code, words in group.WORDS.items()
}
