"""The words of one error code."""

from typing import NamedTuple


class Words(NamedTuple):
    """A code's words: `en`, `zh` say what it is; `remedy_en`, `remedy_zh` say what a person does about it."""

    en: str
    zh: str
    remedy_en: str
    remedy_zh: str
