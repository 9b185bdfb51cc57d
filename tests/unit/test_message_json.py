"""JSON that Python's reader takes too kindly is refused, with the place where it goes wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.errors import Invalid
from bus.message import read_json

REFUSED = {
    b"": "1:1",
    b"NaN": "1:1",
    b'{"amount": Infinity}': "1:12",
    b"[-Infinity]": "1:3",
    b"1e400": "1:1",
    b'{"a": 1,\n "a": 2}': "2:2",
    b'{"a": 1, "\\u0061": 2}': "1:10",
    b'{"amount":\n  12.5}': "2:3",
    b"[1E2]": "1:2",
    b"[1234567890123456789]": "1:2",
    b"9" * 5000: "1:1",
    b"[" * 33 + b"]" * 33: "1:33",
    b"[" * 900 + b"]" * 900: "1:33",
    b'{"a": 1} trailing': "1:10",
    b"[1,]": None,
    b"\xef\xbb\xbf{}": "1:1",
    b'"\xe4\xb8\xad\xff"': "1:3",
    b'"\xed\xa0\x80"': "1:2",
    b'["\\ud800"]': None,
    b'"line\nbreak"': None,
    b"\x00": "1:1",
    b"{'a': 1}": "1:2",
    "[１２]".encode(): "1:2",
    b"[01]": None,
    b"{" * 100_000: None,
    b"[" * 100_000: None,
    '{"a":1}'.encode("utf-16"): "1:1",
}


@pytest.mark.parametrize(("raw", "place"), REFUSED.items(), ids=[repr(raw[:24]) for raw in REFUSED])
def test_lenient_json_is_refused_with_its_place(raw: bytes, place: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        read_json(raw)
    assert refused.value.code == "MESSAGE_MALFORMED"
    if place is not None:
        assert refused.value.where == place


@pytest.mark.parametrize(
    "raw", [b"[" * 32 + b"]" * 32, b"-0", b"123456789012345678", '{"名": "值"}'.encode(), b" null "]
)
def test_strict_json_is_read(raw: bytes) -> None:
    assert read_json(raw) == json.loads(raw)


def test_the_library_alone_would_have_taken_what_is_refused() -> None:
    """The cases above are real traps: the standard reader swallows them."""
    swallowed = [
        json.loads(raw) for raw in (b"NaN", b'{"a": 1, "a": 2}', b"1e400", b'["\\ud800"]', b"[" * 40 + b"]" * 40)
    ]
    assert len(swallowed) == 5


JSON_WITHOUT_FLOATS = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18) + 1, 10**18 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON_WITHOUT_FLOATS)
def test_what_is_written_is_read_back(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=60) | st.text(alphabet='[]{}",:\\u0eE+-.1naif \n', max_size=60).map(str.encode))
def test_garbage_is_read_or_refused_but_never_crashes(raw: bytes) -> None:
    try:
        read_json(raw)
    except Invalid as refused:
        line, column = refused.where.split(":")
        assert int(line) >= 1
        assert int(column) >= 1
