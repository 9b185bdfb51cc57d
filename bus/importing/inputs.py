"""Which file is which: by the order given, checked against the columns that the mapping reads."""

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from bus.errors import Invalid
from bus.importing.plan import Input, Mapping
from bus.importing.tables import TableFile, open_table


def open_inputs(mapping: Mapping, files: Sequence[Path]) -> dict[str, TableFile]:
    """Each input's file by the input's name.

    Raises Invalid IMPORT_FILES_MISMATCH (too few or many, swapped, columns missing or twice), IMPORT_FILE_UNREADABLE.
    """
    wanted = [one.name for one in mapping.inputs]
    if len(files) != len(wanted):
        raise Invalid(
            "IMPORT_FILES_MISMATCH",
            f"the mapping reads {len(wanted)} files ({', '.join(wanted)}, in this order), {len(files)} were given",
            mapping.file,
        )
    tables = [open_table(one, path) for one, path in zip(mapping.inputs, files, strict=True)]
    for one, table in zip(mapping.inputs, tables, strict=True):
        _check_columns(mapping, one, table, files)
    return {table.name: table for table in tables}


def _check_columns(mapping: Mapping, table: Input, file: TableFile, files: Sequence[Path]) -> None:
    times = Counter(file.header)
    twice = [column for column in table.columns if times[column] > 1]
    if twice:
        message = f"{file.path.name} has the column {twice[0]!r} more than once"
        raise Invalid("IMPORT_FILES_MISMATCH", message, table.columns[twice[0]])
    missing = [column for column in table.columns if column not in times]
    if not missing:
        return
    # The same file read as another input's has another dialect, so each guess opens it anew.
    others = [path for path in files if path != file.path and _fits(table, path)]
    if others:
        hint = f"; the files seem to be swapped: {others[0].name} has all columns of {table.name!r}"
    else:
        hint = f"; it has {', '.join(file.header[:20]) or 'no header'}"
        near = get_close_matches(missing[0], file.header, 1, 0.5)
        hint += (
            f"; did you mean {near[0]!r}?"
            if near
            else f" (read as {file.dialect.encoding}, {file.dialect.delimiter!r})"
        )
    lacking = ", ".join(repr(column) for column in missing)
    order = ", ".join(one.name for one in mapping.inputs)
    message = f"{file.path.name}, given as {table.name!r} (order: {order}), has no column {lacking}{hint}"
    raise Invalid("IMPORT_FILES_MISMATCH", message, table.columns[missing[0]])


def _fits(table: Input, path: Path) -> bool:
    try:
        return table.columns.keys() <= set(open_table(table, path).header)
    except Invalid:
        return False
