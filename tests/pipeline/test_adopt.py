"""A rule pack that is new to the store releases what its predecessor held, in order."""

from bus.accounting.pack import RulePack, load_pack
from bus.config import PROJECT
from bus.pipeline.adopt import Adopt
from bus.store.unit_of_work import SqlStore
from tests.desk import Desk, rules
from tests.papers import EU, claim, unmapped

PACK = "en-eur"


def pack_files() -> dict[str, str]:
    folder = PROJECT / "rules" / PACK
    found = [file for file in folder.rglob("*") if file.suffix in (".yaml", ".csv")]
    return {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in found}


def loaded(files: dict[str, str]) -> RulePack:
    schemas = {stem.rsplit(".v", 1)[0]: schema for stem, schema in rules().rulebook.event_schemas.items()}
    return load_pack(PACK, files, schemas)


def with_cheese() -> RulePack:
    """The shipped pack with the row that was missing."""
    files = pack_files()
    name = next(name for name in files if "category: travel" in files[name] and "maps" in name)
    old = next(line for line in files[name].split("\n") if "category: travel" in line)
    files[name] = files[name].replace(old, f"{old}\n{old.replace('category: travel', 'category: cheese')}")
    return loaded(files)


def adopt(desk: Desk, pack: RulePack) -> int:
    packs = {**rules().rulebook.packs, PACK: pack}
    return Adopt(desk.store)(rules().companies, packs, rules().rulebook.pack_content)


def test_what_the_old_rules_held_is_booked_by_the_new_ones(store: SqlStore) -> None:
    before = Desk(store)
    assert adopt(before, rules().rulebook.packs[PACK]) == 0
    before.run(unmapped("I-1"), claim("A"))
    assert before.exceptions() == {"I-1/1": "MAP_MISSING"}

    pack = with_cheese()
    assert adopt(before, pack) == 1
    after = Desk(store, packs={**rules().rulebook.packs, PACK: pack})
    after.run()
    assert after.states()["I-1/1"] == "booked"
    assert "I-1/1" not in after.exceptions()
    assert after.rows("SELECT DISTINCT pack_hash FROM journal_entry WHERE document = 'I-1'") == [(pack.content_hash,)]


def test_a_pack_that_was_in_force_before_releases_nothing(store: SqlStore) -> None:
    desk = Desk(store)
    shipped = rules().rulebook.packs[PACK]
    adopt(desk, shipped)
    desk.run(unmapped("I-1"))
    assert adopt(desk, shipped) == 0
    assert desk.states()["I-1/1"] == "held:MAP_MISSING"
    assert desk.books.companies[EU].pack == PACK
