"""What a person sees: tables and lines in English or Chinese on stderr, results on stdout, JSON on request."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from bus.catalogue import CATALOGUE
from bus.errors import BusError

_GAP: Final = 2
_STATES_ZH: Final = {
    "accepted": "已接收",
    "duplicate": "重复",
    "conflict": "冲突",
    "invalid": "无效",
    "booked": "已记账",
    "no_op": "无需记账",
    "parked": "等候前序",
    "held": "挂起",
    "no_route": "无路由",
    "discarded": "已作废",
    "pending": "待处理",
    "leased": "已领取",
    "sent": "已发送",
    "confirmed": "已确认",
    "rejected": "被拒绝",
    "in_doubt": "存疑",
    "open": "待处理",
    "proposed": "已提出处理",
    "approved": "已批准处理",
    "released": "已放行",
    "already_live": "已在生效",
    "no_ledger_effect": "不影响总账",
    "nothing_to_reverse": "无可冲销",
    "zero_amount": "金额为零",
    "superseded": "已被后续撤回取代",
    "copied_only": "仅抄送",
}


class Terminal:
    """Writes for people in one language; with `as_json` people read on stderr and programs on stdout."""

    def __init__(self, language: str, *, as_json: bool = False) -> None:
        self.language = language
        self.as_json = as_json
        self.out = Console(stderr=as_json, highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False)

    def say(self, english: str, chinese: str) -> None:
        """One line in the reader's language."""
        self.out.print(chinese if self.language == "zh" else english, markup=False)

    def heading(self, english: str, chinese: str) -> None:
        """A heading with a line of space before it."""
        self.out.print()
        self.out.print(chinese if self.language == "zh" else english, style="bold", markup=False)

    def pick(self, english: str, chinese: str) -> str:
        """The text in the reader's language."""
        return chinese if self.language == "zh" else english

    def state(self, name: str) -> str:
        """A state, outcome or no-op reason in the reader's language; a pack's own reasons stay as they are."""
        return _STATES_ZH.get(name, name) if self.language == "zh" else name

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        right: Sequence[int] = (),
        whole: Sequence[int] = (),
        spare: Sequence[int] = (),
    ) -> None:
        """A table. `right`: aligned to the right and, like `whole`, never broken. `spare`: left out where it is narrow.

        A header is drawn when any column has a name. Of the spare columns those named first go first.
        """
        cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
        widths = [max(map(cell_len, column)) for column in zip(columns, *cells, strict=True)]
        left = list(range(len(columns)))
        for place in spare:
            if sum(widths[each] + _GAP for each in left) - _GAP > self.out.width:
                left.remove(place)
        drawn = Table(box=None, pad_edge=False, header_style="dim", show_header=any(columns), padding=(0, _GAP, 0, 0))
        for place in left:
            unbroken = widths[place] if place in right or place in whole else None
            justify: JustifyMethod = "right" if place in right else "left"
            drawn.add_column(columns[place], justify=justify, overflow="fold", min_width=unbroken)
        for row in cells:
            drawn.add_row(*(Text(row[place]) for place in left))
        self.out.print(drawn)

    def result(self, value: Any) -> None:
        """One JSON object as the last line of stdout."""
        print(json.dumps(value, ensure_ascii=False), flush=True)

    def failure(self, error: BusError) -> None:
        """An error with its code, where it is, and what to do; never a traceback."""
        words = CATALOGUE.get(error.code)
        title = "" if words is None else (words.zh if self.language == "zh" else words.en)
        remedy = "" if words is None else (words.remedy_zh if self.language == "zh" else words.remedy_en)
        if self.as_json:
            said = {
                "code": error.code,
                "title": title,
                "message": error.message,
                "where": error.where,
                "remedy": remedy,
            }
            self.result({"error": said})
        self.err.print(f"{error.code}: {title}", style="bold red", markup=False)
        place = f"{error.where}: " if error.where else ""
        self.err.print(f"  {place}{error.message}", markup=False)
        if remedy:
            self.err.print(f"  {remedy}", markup=False)


def is_interactive() -> bool:
    """Whether a person watches stderr."""
    return sys.stderr.isatty()
