"""What a mapping file says, as values. Pure: it names files and columns, and opens nothing."""

from collections.abc import Mapping as Words
from dataclasses import dataclass

from bus.importing.conditions import Condition
from bus.importing.moments import Moment, Timestamp
from bus.importing.values import Form, Group, Ref


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file writes its table. `header` names the columns of a file that has no header row; `skip_lines` are
    physical lines above the header; `quote` is empty where nothing is quoted."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    quote: str = '"'
    header: tuple[str, ...] = ()
    skip_lines: int = 0


@dataclass(frozen=True, slots=True)
class Input:
    """One file. `key` are the columns that name a row of a joined table, `matches` the columns of the row input that
    find it; both empty for the row input itself. `columns` are all that the mapping reads, each with the place in the
    mapping file that first asks for it."""

    name: str
    dialect: Dialect
    key: tuple[str, ...]
    matches: tuple[Ref, ...]
    columns: Words[str, str]


@dataclass(frozen=True, slots=True)
class OrderKey:
    """A column to order rows by, read as "text", "number" or "time" (`moment`)."""

    ref: Ref
    kind: str
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """By keys, then by place in the file, from its end if `reversed_file`. Without keys: the file's own order."""

    keys: tuple[OrderKey, ...] = ()
    reversed_file: bool = False

    @property
    def sorts(self) -> bool:
        """Whether rows have to be sorted at all."""
        return bool(self.keys) or self.reversed_file


@dataclass(frozen=True, slots=True)
class EventForm:
    """Rows for which `when` holds become an event of `type`, schema version `version`."""

    type: str
    version: int
    when: Condition
    event_id: Form
    time: Timestamp
    data: Group


@dataclass(frozen=True, slots=True)
class Register:
    """The table that lists all documents, also those without an event, and how its rows name document and company."""

    table: str
    document: Form
    company: Form


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping. `digest` is the SHA-256 of its text, `rows` the input whose rows become events, `every` says
    that a row becomes one event for each form that matches instead of one for the first."""

    file: str
    digest: str
    name: str
    source: str
    company: Form
    inputs: tuple[Input, ...]
    rows: str
    document: Form
    activity: Form | None
    where: Condition | None
    order: Order
    every: bool
    events: tuple[EventForm, ...]
    register: Register | None

    def input_named(self, name: str) -> Input:
        """The input of that name; an unknown name is a defect and raises StopIteration."""
        return next(one for one in self.inputs if one.name == name)
