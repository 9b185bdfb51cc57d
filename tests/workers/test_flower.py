"""The operator's view during a run: documents are found by number, no more of them is shown, nothing can be done."""

import base64
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bus.cli.services import free_port, service_commands
from bus.cli.supervisor import Supervisor
from bus.config import PROJECT, Settings
from tests.waiting import eventually
from workers.app import create_app
from workers.publisher import CeleryPublisher

CANARIES = ("4711.08", "CANARY", "TOKEN-7")
QUEUE = "journalize"


class Page:
    """Flower over HTTP."""

    def __init__(self, url: str, credentials: str) -> None:
        self._url = url
        self._header = "Basic " + base64.b64encode(credentials.encode()).decode()

    def get(self, path: str, *, anonymous: bool = False, method: str = "GET") -> tuple[int, str]:
        """Status and body."""
        body = b"{}" if method == "POST" else None
        headers = {} if anonymous else {"Authorization": self._header}
        request = urllib.request.Request(self._url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode(errors="replace")

    def find(self, document: str) -> str:
        """What the table of tasks shows for a search by document number."""
        query = {
            "draw": "1", "start": "0", "length": "10", "search[value]": f"kwargs:{document}=1",
            "order[0][column]": "0", "order[0][dir]": "asc", "columns[0][data]": "name",
        }  # fmt: skip
        return self.get("/tasks/datatable?" + urllib.parse.urlencode(query))[1]


@pytest.fixture(scope="module")
def settings(valkey: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        home=tmp_path_factory.mktemp("flower"),
        broker_url=valkey,
        flower_port=free_port("127.0.0.1", 0),
        worker_concurrency=1,
    )


@pytest.fixture(scope="module")
def flower(settings: Settings) -> Iterator[Page]:
    """Flower and a worker of the application beside this file, run as the bus runs them; four wake-ups sent."""
    services = [
        replace(one, environment={**one.environment, "PYTHONPATH": str(PROJECT)})
        for one in service_commands(settings, [QUEUE], app="tests.workers.echo:app")
        if one.name in ("worker", "flower")
    ]
    with Supervisor(settings.home, services):
        publisher = CeleryPublisher(create_app(settings))
        page = Page(f"http://127.0.0.1:{settings.flower_port}", f"operator:{settings.flower_secret()}")
        eventually(lambda: "worker@" in page.get("/api/workers?refresh=1")[1])
        publisher.wake(QUEUE, "ledgerbus.echo", list(range(100)), [f"BX-{n}" for n in range(100)], token="TOKEN-7")
        publisher.wake(QUEUE, "ledgerbus.echo", [200], ["报销-200"])
        publisher.wake(QUEUE, "ledgerbus.fail", [300], ["BX-300"])
        publisher.wake(QUEUE, "ledgerbus.fail_unguarded", [400], ["BX-400"])
        eventually(lambda: "FAILURE" in page.find("BX-300") and "FAILURE" in page.find("BX-400"))
        eventually(lambda: "SUCCESS" in page.find("报销-200"))
        yield page


@pytest.mark.parametrize("document", ["BX-0", "BX-50", "BX-99", "报销-200", "BX-300"])
def test_a_document_is_found_by_its_number(flower: Page, document: str) -> None:
    found = flower.find(document)
    assert '"recordsFiltered": 1' in found
    assert '"recordsFiltered": 0' in flower.find("BX-nowhere")
    status, listed = flower.get("/api/tasks?" + urllib.parse.urlencode({"search": f"kwargs:{document}=1"}))
    assert status == 200
    assert listed.count('"uuid"') == 1


def test_no_amount_and_no_name_is_on_any_page(flower: Page, settings: Settings) -> None:
    status, listed = flower.get("/api/tasks")
    assert (status, listed.count('"uuid"')) == (200, 4)
    failed = listed.split('"ledgerbus.fail"')[0].rsplit('"uuid": "', 1)[1].split('"')[0]
    assert "ValueError at echo.py:" in listed
    paths = ["/", "/tasks", f"/task/{failed}", f"/api/task/info/{failed}", "/broker", "/api/workers", "/metrics"]
    seen = [listed, *(flower.get(path)[1] for path in paths)]
    seen += [log.read_text() for log in (settings.home / "logs").iterdir()]
    assert not [canary for text in seen for canary in CANARIES if canary in text]
    assert "UNGUARDED" in listed  # a task that is not one of ours shows its words: the search above can fail


@pytest.mark.parametrize("path", ["/", "/tasks", "/workers", "/broker", "/metrics", "/api/tasks", "/api/workers"])
def test_nothing_is_shown_without_the_password(flower: Page, path: str) -> None:
    assert flower.get(path, anonymous=True)[0] == 401
    assert flower.get(path)[0] == 200


def test_nothing_can_be_done_even_with_the_password(flower: Page) -> None:
    from flower.urls import handlers

    actions = ("control", "tasks")
    posts = [
        rule[0].replace("(.+)", "x")
        for rule in handlers
        if isinstance(rule, tuple) and rule[1].__module__.rsplit(".", 1)[1] in actions and "post" in vars(rule[1])
    ]
    assert len(posts) >= 14
    assert {path: flower.get(path, method="POST")[0] for path in posts} == dict.fromkeys(posts, 403)


def test_the_password_is_on_no_command_line(flower: Page, settings: Settings) -> None:
    commands = [
        " ".join(service.command) for service in service_commands(settings, ["journalize", "deliver.beancount"])
    ]
    assert not [command for command in commands if settings.flower_secret() in command]
    assert "-Q journalize,deliver.beancount" in commands[2]


def test_flower_ignores_what_an_environment_would_open(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWER_UNAUTHENTICATED_API", "true")
    monkeypatch.setenv("FLOWER_ADDRESS", "0.0.0.0")
    flower = service_commands(settings, [QUEUE])[3]
    assert not [name for name in flower.environment if name.startswith("FLOWER_")]
    assert Path(flower.directory) == settings.home / "run" / "flower"
