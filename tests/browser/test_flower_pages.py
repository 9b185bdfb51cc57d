"""What an operator sees in the browser: every document by its number, and nothing that is in it."""

from contextlib import suppress
from urllib.parse import quote

import pytest
from playwright.sync_api import Error, HttpCredentials

from bus.cli.embedded import Running
from tests.browser.watched import AMOUNT, EMPLOYEE, MEMO, MIDDLE, Flower, canaries, keep
from tests.waiting import eventually
from workers.app import create_app

STRANGER = "司徒破例"


@pytest.mark.parametrize("path", ["/", "/workers", "/tasks", "/broker", "/api/tasks", "/api/workers", "/metrics"])
def test_without_the_password_nothing_opens(flower: Flower, path: str) -> None:
    wrong: HttpCredentials = {"username": flower.bus.settings.flower_user, "password": "guess", "send": "always"}
    for credentials in (None, wrong):
        with flower.browser.new_context(http_credentials=credentials) as outside:
            page = outside.new_page()
            statuses: list[int] = []
            page.on("response", lambda answer, statuses=statuses: statuses.append(answer.status))
            with suppress(Error):  # the browser may count a refusal as a page that did not load
                page.goto(flower.bus.flower_url + path)
            assert set(statuses) == {401}
            refusal = outside.request.get(flower.bus.flower_url + path)
            assert refusal.status == 401
            assert not {word for word in ("worker@", "BX-2026", "ledgerbus.") if word in refusal.text()}


def test_the_middle_document_of_a_batch_of_a_hundred_is_found_by_its_number(flower: Flower) -> None:
    page = flower.search(f"kwargs:{MIDDLE}=1")
    rows = flower.rows(page)
    keep(page, "tasks-found")
    assert {row.split()[0] for row in rows} == {"ledgerbus.journalize", "ledgerbus.deliver"}
    journalized = [task for task in flower.tasks().values() if task["name"] == "ledgerbus.journalize"]
    assert [task["kwargs"].count("BX-2026-") for task in journalized if f"'{MIDDLE}': 1" in task["kwargs"]] == [100]
    assert flower.rows(flower.search("kwargs:BX-2026-9999=1")) == []


def test_no_amount_and_no_name_is_on_any_page(flower: Flower) -> None:
    task = next(iter(flower.tasks()))
    worker = next(iter(flower.bus_workers()))
    places = {
        "workers": "/workers",
        "worker": f"/worker/{quote(worker)}",
        "tasks": "/tasks",
        "task": f"/task/{task}",
        "broker": "/broker",
    }
    seen = {}
    for name, path in places.items():
        page = flower.open(path)
        page.wait_for_load_state("networkidle")
        seen[name] = page.content() + page.inner_text("body")
        keep(page, name)
    assert worker in seen["workers"]
    assert worker in seen["worker"]
    assert "ledgerbus.journalize" in seen["tasks"]
    assert task in seen["task"]
    assert "journalize" in seen["broker"]
    seen |= {path: flower.api(path) for path in ("/api/tasks", f"/api/task/info/{task}", "/api/workers", "/metrics")}
    secrets = [flower.bus.settings.flower_secret(), (flower.bus.settings.broker_directory / "password").read_text()]
    hidden = (EMPLOYEE, MEMO, *secrets)
    assert {place: found for place, text in seen.items() if (found := canaries(text, hidden))} == {}


def test_no_amount_and_no_name_is_in_a_log(bus: Running) -> None:
    logs = sorted((bus.settings.home / "logs").iterdir())
    assert {log.stem for log in logs} == {"gateway", "dispatcher", "worker", "flower"}
    assert {log.name: found for log in logs if (found := canaries(log.read_text()))} == {}


def test_the_bus_itself_knows_what_flower_does_not_show(bus: Running) -> None:
    trace = bus.runtime.trace("CN01", MIDDLE)
    assert canaries(str(trace)) == {EMPLOYEE, MEMO, AMOUNT}


def test_a_sender_that_masks_nothing_is_caught(flower: Flower) -> None:
    app = create_app(flower.bus.settings)
    app.send_task("stray", kwargs={"employee": STRANGER, "total": AMOUNT}, queue="nobody.listens")
    eventually(lambda: any(task["name"] == "stray" for task in flower.tasks().values()))
    shown = " ".join(flower.rows(flower.search("name:stray")))
    assert canaries(shown, [STRANGER]) == {STRANGER, AMOUNT}
    assert canaries(flower.api("/api/tasks"), [STRANGER]) == {STRANGER, AMOUNT}
