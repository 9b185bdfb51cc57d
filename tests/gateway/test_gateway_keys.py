"""The file of keys opens the door to those it names, and a door without keys stays on loopback."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bus.config import Settings
from bus.errors import Invalid, Permanent
from bus.gateway.identity import Keyring
from bus.gateway.keys import read_keys
from bus.gateway.serve import keys_for

KEY = "correct-horse-battery"
RIGHTS = {"sources": ["oa.crm"], "types": ["reimbursement.approved"], "companies": ["CN01"]}


def written(folder: Path, *entries: object) -> Path:
    file = folder / "keys.json"
    file.write_text(json.dumps({"keys": entries}), encoding="utf-8")
    return file


@pytest.mark.parametrize("held", [{"key": KEY}, {"sha256": hashlib.sha256(KEY.encode()).hexdigest()}])
def test_a_key_lets_in_whether_it_is_kept_plain_or_as_its_digest(tmp_path: Path, held: dict[str, str]) -> None:
    keyring = Keyring(read_keys(written(tmp_path, {"name": "crm", **held, **RIGHTS})))
    holder = keyring.identify(f"Bearer {KEY}")
    assert holder is not None
    assert (holder.name, holder.sees("CN01"), holder.sees("EU01")) == ("crm", True, False)
    for offered in (None, "Bearer other-key-entirely", f"Basic {KEY}", f"Bearer {next(iter(held.values()))[:-1]}"):
        with pytest.raises(Invalid, match="UNAUTHENTICATED"):
            keyring.identify(offered)


def test_a_digest_is_no_key_itself(tmp_path: Path) -> None:
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    keyring = Keyring(read_keys(written(tmp_path, {"name": "crm", "sha256": digest, **RIGHTS})))
    for offered in (digest, f"sha256:{digest}"):
        with pytest.raises(Invalid):
            keyring.identify(f"Bearer {offered}")


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "crm", "key": "short", **RIGHTS},
        {"name": "crm", **RIGHTS},
        {"name": "crm", "key": KEY, "sha256": "0" * 64, **RIGHTS},
        {"name": "crm", "sha256": "XYZ", **RIGHTS},
        {"name": "crm", "key": KEY, **RIGHTS, "companies": []},
        {"name": "crm", "key": KEY, **RIGHTS, "types": "reimbursement.approved"},
        {"name": "crm", "key": KEY, **RIGHTS, "admin": True},
        {"key": KEY, **RIGHTS},
        "crm",
    ],
)
def test_an_entry_that_says_too_little_or_too_much_is_refused_and_its_key_not_shown(
    tmp_path: Path, entry: object
) -> None:
    with pytest.raises(Permanent) as refusal:
        read_keys(written(tmp_path, entry))
    assert refusal.value.code == "GATEWAY_KEYS_INVALID"
    assert KEY not in str(refusal.value)


@pytest.mark.parametrize("text", ["", "keys: []", "keys: {", "- [1"])
def test_a_file_without_keys_opens_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text)
    with pytest.raises(Permanent, match="GATEWAY_KEYS_INVALID"):
        read_keys(tmp_path / "keys")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org"])
def test_without_keys_the_door_is_bound_to_loopback_only(tmp_path: Path, host: str) -> None:
    with pytest.raises(Permanent, match="GATEWAY_KEYS_MISSING"):
        keys_for(Settings(home=tmp_path, gateway_host=host))
    file = written(tmp_path, {"name": "crm", "key": KEY, **RIGHTS})
    assert keys_for(Settings(home=tmp_path, gateway_host=host, gateway_keys_file=file)) is not None
    for loopback in ("127.0.0.1", "::1", "localhost"):
        assert keys_for(Settings(home=tmp_path, gateway_host=loopback)) is None


def test_the_process_ends_with_words_when_it_may_not_open(tmp_path: Path) -> None:
    environment = {**os.environ, "LEDGERBUS_HOME": str(tmp_path), "LEDGERBUS_GATEWAY_HOST": "0.0.0.0"}
    ended = subprocess.run(
        [sys.executable, "-m", "bus.gateway"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "GATEWAY_KEYS_MISSING" in ended.stderr
    assert "Traceback" not in ended.stderr
