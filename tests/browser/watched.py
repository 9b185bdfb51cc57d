"""A bus that runs, a hundred claims in it, and Flower in a real browser."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs
from urllib.request import Request as Offer
from urllib.request import urlopen

from playwright.sync_api import Browser, BrowserContext, HttpCredentials, Page, Request, sync_playwright

from bus.cli.embedded import Running
from bus.cli.feeding import BATCHED, outcomes

DOCUMENTS: Final = tuple(f"BX-2026-{n:04d}" for n in range(1, 101))
MIDDLE: Final = DOCUMENTS[len(DOCUMENTS) // 2]
# Values that stand nowhere else: what is found of them came from the documents.
EMPLOYEE: Final = "欧阳金丝雀"
MEMO: Final = "金丝雀之行"
AMOUNT: Final = "3070918.37"
FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def claim(document: str) -> str:
    """An approved reimbursement with the canary values, as a CloudEvent in JSON."""
    row = {"category": "差旅费", "dept_kind": "管理", "dept": "D01", "project": "P1", "memo": MEMO, "gross": AMOUNT}
    return json.dumps(
        {
            "specversion": "1.0",
            "source": "oa.browser",
            "id": f"{document}/1",
            "type": "reimbursement.approved",
            "subject": document,
            "company": "CN01",
            "time": "2026-11-05T09:30:00+08:00",
            "sequence": "1",
            "data": {
                "doc_no": document,
                "employee": EMPLOYEE,
                "accounting_date": "2026-11-05",
                "currency": "CNY",
                "total": AMOUNT,
                "memo": MEMO,
                "rows": [{**row, "tax": "0.00", "deductible": False, "certified": False}],
            },
        },
        ensure_ascii=False,
    )


def offer_together(gateway_url: str, events: Sequence[str]) -> Counter[str]:
    """Offer events as one batch, in one request; their receipts by outcome."""
    body = f"[{','.join(events)}]".encode()
    request = Offer(f"{gateway_url}/events", body, {"Content-Type": BATCHED}, method="POST")
    with urlopen(request, timeout=60) as answer:
        return outcomes(json.load(answer)["receipts"])


def canaries(text: str, words: Iterable[str] = (EMPLOYEE, MEMO)) -> set[str]:
    """What of a document is readable in `text`: as written, in JSON escapes, or an amount in any of its notations."""
    found = {word for word in words if word in text or json.dumps(word)[1:-1] in text}
    whole, cents = AMOUNT.split(".")
    grouped = f"{int(whole):,}"
    amount = rf"(?<!\d)(?:{whole}\.{cents}|{grouped}\.{cents}|{whole}{cents})(?!\d)"
    return found | set(re.findall(amount, text))


@contextmanager
def chromium(program: str) -> Iterator[Browser]:
    """The distribution's browser, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def logged_in(browser: Browser, bus: Running) -> BrowserContext:
    """A browser's window of someone who knows the password."""
    credentials: HttpCredentials = {
        "username": bus.settings.flower_user,
        "password": bus.settings.flower_secret(),
        "send": "always",
    }
    return browser.new_context(http_credentials=credentials, viewport={"width": 1440, "height": 900})


@dataclass(frozen=True)
class Flower:
    """Flower of a running bus, seen by someone who knows the password."""

    bus: Running
    browser: Browser
    api_client: BrowserContext

    def open(self, path: str, shown: str = "main, .page-section, body") -> Page:
        """A page of Flower once `shown` is on it."""
        # A context of its own: Flower remembers the last search of a browser.
        page = logged_in(self.browser, self.bus).new_page()
        answer = page.goto(self.bus.flower_url + path)
        assert answer is not None
        assert answer.status == 200
        page.wait_for_selector(shown)
        return page

    def search(self, expression: str) -> Page:
        """The page of tasks after `expression` was typed into its search field and answered."""
        page = self.open("/tasks", "#tasks-table tbody tr")
        with page.expect_response(lambda answer: _asks_for(answer.request, expression)) as answered:
            page.get_by_role("searchbox").fill(expression)
        found = len(answered.value.json()["data"])
        page.wait_for_function("n => document.querySelectorAll('#tasks-table tbody tr[id]').length == n", arg=found)
        return page

    def rows(self, page: Page) -> list[str]:
        """The lines of the table of tasks, as they are read."""
        return page.locator("#tasks-table tbody tr[id]").all_inner_texts()

    def api(self, path: str) -> str:
        """What a program is answered."""
        answer = self.api_client.request.get(self.bus.flower_url + path)
        assert answer.status == 200
        return answer.text()

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Every task that Flower knows, by id."""
        known: dict[str, dict[str, Any]] = json.loads(self.api("/api/tasks"))
        return known

    def bus_workers(self) -> list[str]:
        """Names of the workers that Flower knows."""
        return list(json.loads(self.api("/api/workers?refresh=1")))


def keep(page: Page, name: str) -> None:
    """A picture of the page in the folder LEDGERBUS_SCREENSHOTS, when that is set."""
    folder = os.environ.get("LEDGERBUS_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def _asks_for(request: Request, expression: str) -> bool:
    return request.url.endswith("/tasks/datatable") and parse_qs(request.post_data or "").get("search[value]") == [
        expression
    ]
