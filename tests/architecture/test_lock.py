"""What is installed is what pyproject.toml asks for, byte for byte."""

import pytest

from tests.architecture.locks import FINGERPRINT, LOCKS, ROOT, findings, fingerprint, pins, project


def wanted(name: str) -> list[str]:
    groups = project()["dependency-groups"]["dev"] if name == "requirements-dev.lock" else []
    return [*project()["project"]["dependencies"], *groups]


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_is_what_the_project_asks_for(name: str) -> None:
    assert findings((ROOT / name).read_text(), wanted(name), fingerprint(project())) == []


def test_both_locks_install_the_same_product() -> None:
    runtime, everything = (pins((ROOT / name).read_text()) for name in LOCKS)
    assert {name: everything.get(name) for name in runtime} == runtime


def test_there_is_no_second_kind_of_lock() -> None:
    assert not (ROOT / "uv.lock").exists()


def test_a_lock_that_drifted_is_caught() -> None:
    address = "--index-url https://example.org/simple"
    text = f"{FINGERPRINT}old\n{address}\ncelery==4.0.0 \\\n    --hash=sha256:00\nkombu==5.7.0\n"
    assert findings(text, ["celery>=5.7", "kombu>=5.7", "redis>=8"], "new") == [
        "made from other dependencies than pyproject.toml has now: make lock",
        "celery>=5.7 is pinned to 4.0.0",
        "redis is not pinned",
        "kombu 5.7.0 has no hash",
        f"an address: {address}",
    ]


def test_a_changed_dependency_changes_the_fingerprint() -> None:
    changed = project()
    changed["dependency-groups"]["dev"].append("something>=1")
    assert fingerprint(changed) != fingerprint(project())
