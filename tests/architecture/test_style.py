"""House style is a test: short files, short functions, telling names, pure rooms, nothing left over."""

import pytest

from tests.architecture.source import EVERYWHERE, PRODUCT, RECORDS, Source, purity_findings, sources, style_findings


def test_every_file_keeps_the_house_style() -> None:
    written = [source for source in sources(*EVERYWHERE) if not source.path.startswith(RECORDS)]
    assert [finding for source in written for finding in style_findings(source)] == []


def test_pure_rooms_touch_no_clock_no_file_and_no_framework() -> None:
    pure = [source for source in sources("bus") if source.is_pure]
    assert len(pure) > 5
    assert [finding for source in pure for finding in purity_findings(source)] == []


def test_the_project_names_no_place_of_the_machine_it_was_written_on() -> None:
    places = ("/" + "work/", "/" + "tmp/")
    assert [s.path for s in sources(*PRODUCT, "tests") if any(place in s.text for place in places)] == []


@pytest.mark.parametrize(
    ("path", "text", "what"),
    [
        ("bus/a.py", "x = 1\n" * 301, "301 lines"),
        ("bus/a.py", "def f():\n" + "    x = 1\n" * 40, "f has 41 lines"),
        ("bus/__init__.py", "x = 1\n", "not empty"),
        ("bus/a.py", "# TO" "DO later\n", "something left to do"),
        ("bus/date_utils.py", "", "a file name that says nothing"),
        ("bus/a.py", "class QueueManager:\n    pass\n", "QueueManager: a name that says nothing"),
        ("bus/a.py", "def process_event():\n    pass\n", "process_event: a name that says nothing"),
        ("bus/a.py", "async def do_post():\n    pass\n", "do_post: a name that says nothing"),
    ],
)  # fmt: skip
def test_a_break_of_style_is_caught(path: str, text: str, what: str) -> None:
    assert [finding for finding in style_findings(Source(path, text)) if what in finding]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("from datetime import datetime\nx = datetime.now()\n", "calls .now()"),
        ("import time\nx = time.time()\n", "imports time"),
        ("x = open('f')\n", "calls open()"),
        ("from pathlib import Path\n", "imports pathlib"),
        ("import sqlalchemy.orm\n", "imports sqlalchemy"),
        ("def f():\n    import os\n", "imports os"),
    ],
)
def test_a_pure_room_that_is_not_is_caught(text: str, what: str) -> None:
    source = Source("bus/accounting/a.py", text)
    assert source.is_pure
    assert [finding for finding in purity_findings(source) if what in finding]


def test_names_that_say_something_pass() -> None:
    text = "def processed():\n    pass\n\n\nclass Domain:\n    pass\n\n\ndef document():\n    pass\n"
    assert list(style_findings(Source("bus/commonality.py", text))) == []
