"""Routing: every rule that matches adds its destinations, and a defect in the file is named by line."""

from pathlib import Path

import pytest

from bus.errors import Invalid
from bus.message import Event
from bus.routing import Route, RoutingRules, load_routing
from tests.papers import claim, contract, withdrawal

SHIPPED = Path(__file__).resolve().parents[2] / "rules" / "routing.yaml"


def routing(*rules: str) -> RoutingRules:
    return load_routing("routing.yaml", "routes:\n" + "".join(f"  - {rule}\n" for rule in rules))


def event(**changes: object) -> Event:
    return Event.from_cloudevent({**claim("A"), **changes})


@pytest.mark.parametrize(
    ("when", "matches"),
    [
        ("", True),
        ("type: reimbursement.approved", True),
        ("type: [contract.signed, reimbursement.*]", True),
        ("type: contract.*", False),
        ("company: EU01", True),
        ("company: [CN01, CN*]", False),
        ('source: "oa.*"', True),
        ('source: "erp.*"', False),
        ("type: reimbursement.approved, company: EU01, source: oa.test", True),
        ("type: reimbursement.approved, company: CN01", False),
        ("data: {currency: EUR}", True),
        ("data: {currency: [USD, EUR], employee: E1}", True),
        ("data: {currency: EUR, employee: E2}", False),
        ("data: {total: 100.00}", True),
        ("data: {no_such_field: x}", False),
        ("data: {no.such.path: x}", False),
        ("data: {currency.deeper: x}", False),
    ],
)
def test_a_rule_matches_when_every_condition_holds(when: str, matches: bool) -> None:
    rules = routing(f"{{rule: r, when: {{{when}}}, queue: q}}")
    assert (rules.route(event()) is not None) == matches


def test_flags_and_nested_fields_are_matched_by_their_text() -> None:
    rules = routing("{rule: r, when: {data: {final: 'true', deep.level: '2'}}, queue: q}")
    data = {**claim("A")["data"], "final": True, "deep": {"level": 2}}
    assert rules.route(event(data=data)) == Route("q", (), ())
    assert rules.route(event(data={**data, "final": False})) is None


def test_all_matching_rules_add_their_channels_once() -> None:
    rules = routing(
        "{rule: work, when: {type: reimbursement.approved}, queue: journalize}",
        "{rule: same, queue: journalize, publish: [erp, bi]}",
        "{rule: tapped, publish: bi, tap: [audit, audit]}",
    )
    assert rules.route(event()) == Route("journalize", ("erp", "bi"), ("audit",))
    assert rules.queues == ("journalize",)


def test_an_event_that_nothing_matches_has_no_route() -> None:
    assert routing("{rule: r, when: {company: CN01}, queue: q}").route(event()) is None


def test_an_event_that_is_only_copied_has_no_queue() -> None:
    assert routing("{rule: r, publish: erp}").route(event()) == Route(None, ("erp",), ())


def test_two_queues_for_one_event_are_a_conflict_that_names_the_rules() -> None:
    rules = routing("{rule: one, queue: a}", "{rule: two, when: {company: EU01}, queue: b}")
    with pytest.raises(Invalid) as refusal:
        rules.route(event())
    assert refusal.value.code == "ROUTE_CONFLICT"
    assert "one, two" in refusal.value.message


def test_the_shipped_rules_route_every_event_type() -> None:
    rules = load_routing(str(SHIPPED), SHIPPED.read_text())
    for offered in (claim("A"), contract("A"), withdrawal("A")):
        assert rules.route(Event.from_cloudevent(offered)) == Route("journalize", (), ())


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("", "", "one key"),
        ("- a", ":1:1", "one key"),
        ("rules: []", ":1:1", "one key"),
        ("routes: {a: b}", ":1:9", "a list of rules"),
        ("routes:\n  - {rule: r}", ":2:5", "a destination"),
        ("routes:\n  - {queue: q}", ":2:5", "a name"),
        ("routes:\n  - {rule: r, queue: [a, b]}", ":2:22", "one queue"),
        ("routes:\n  - {rule: r, queue: Bad Name}", ":2:5", "no channel name"),
        ("routes:\n  - {rule: r, que: q}", ":2:15", "'que' is unknown"),
        ("routes:\n  - {rule: r, queue: q, queue: q}", ":2:25", "given twice"),
        ("routes:\n  - {rule: r, when: {kind: x}, queue: q}", ":2:22", "'kind' is unknown"),
        ("routes:\n  - {rule: r, when: {type: {a: b}}, queue: q}", ":2:28", "a text or a list of texts"),
        ("routes:\n  - {rule: r, when: {type: []}, queue: q}", ":2:28", "a text or a list of texts"),
        ("routes:\n  - {rule: r, queue: q}\n  - {rule: r, tap: t}", ":2:3", "the same name"),
        ("routes:\n  - {rule: r\n", ":3:1", ""),
        ("routes:\n  - just a text", ":2:5", "names with values"),
    ],
)
def test_a_defect_in_the_file_is_named_by_line_and_column(text: str, place: str, what: str) -> None:
    with pytest.raises(Invalid) as refusal:
        load_routing("routing.yaml", text)
    assert refusal.value.code == "ROUTING_INVALID"
    assert refusal.value.where == "routing.yaml" + place
    assert what in refusal.value.message
