"""One bus and one browser for all tests of this folder."""

import shutil
from collections.abc import Iterator

import pytest

from bus.cli.embedded import Running, running
from bus.cli.services import free_port
from bus.config import Settings
from bus.pipeline.rest import Rest
from tests.browser.watched import DOCUMENTS, Flower, chromium, claim, logged_in, offer_together
from tests.conftest import missing
from tests.waiting import eventually


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An embedded bus that has booked and delivered a hundred claims, offered in one batch."""
    settings = Settings(
        home=tmp_path_factory.mktemp("browser"),
        gateway_port=free_port("127.0.0.1", 0),
        flower_port=free_port("127.0.0.1", 0),
    )
    with running(settings) as bus:
        accepted = offer_together(bus.gateway_url, [claim(document) for document in DOCUMENTS])
        assert accepted == {"accepted": len(DOCUMENTS)}
        Rest(bus.runtime.store)(120, lambda _left: None)
        yield bus


@pytest.fixture(scope="module")
def program() -> str:
    """Path of the distribution's browser."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or missing("no chromium on PATH")


@pytest.fixture(scope="module")
def flower(program: str, bus: Running) -> Iterator[Flower]:
    """Flower in a browser, logged in, with every task of the run known to it."""
    with chromium(program) as browser:
        seen = Flower(bus, browser, logged_in(browser, bus))
        eventually(lambda: {task["state"] for task in seen.tasks().values()} == {"SUCCESS"})
        yield seen
