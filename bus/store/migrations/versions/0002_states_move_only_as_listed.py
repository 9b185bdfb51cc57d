"""States move only as listed: the database itself refuses every other move, whoever asks for it."""

from typing import Final

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Table -> the state a row begins in, and the states each state may move to. A state that is no key here is the last.
MOVES: Final = {
    "inbox": (
        "accepted",
        {
            "accepted": ("booked", "no_op", "parked", "held", "no_route", "discarded"),
            "parked": ("accepted", "booked", "no_op", "held", "discarded"),
            "held": ("accepted", "booked", "no_op", "discarded"),
            "no_route": ("accepted", "discarded"),
        },
    ),
    "posting": (
        "pending",
        {
            "pending": ("leased",),
            "leased": ("sent",),
            "sent": ("leased", "pending", "confirmed", "rejected", "in_doubt"),
            "rejected": ("pending",),
            "in_doubt": ("pending", "confirmed", "rejected"),
        },
    ),
    "exception": (
        "open",
        {
            "open": ("proposed", "released", "discarded"),
            "proposed": ("approved", "released", "discarded"),
            "approved": ("released", "discarded"),
        },
    ),
}


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.execute(
            "CREATE FUNCTION refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION '%: a row does not become % so', TG_TABLE_NAME, NEW.state "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    for table, (first, moves) in MOVES.items():
        listed = " OR ".join(
            f"(OLD.state = '{state}' AND NEW.state IN ({_texts(following)}))" for state, following in moves.items()
        )
        _refuse(table, "begin", f"INSERT ON {table}", f"NEW.state <> '{first}'", sqlite=sqlite)
        _refuse(
            table, "move", f"UPDATE OF state ON {table}", f"NEW.state <> OLD.state AND NOT ({listed})", sqlite=sqlite
        )


def _refuse(table: str, name: str, action: str, when: str, *, sqlite: bool) -> None:
    head = f"CREATE TRIGGER {table}_{name} BEFORE {action}"
    if sqlite:
        op.execute(f"{head} WHEN {when} BEGIN SELECT RAISE(ABORT, '{table}: no such {name}'); END")
    else:
        op.execute(f"{head} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse_move()")


def _texts(states: tuple[str, ...]) -> str:
    return ", ".join(f"'{state}'" for state in states)
