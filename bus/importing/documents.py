"""The joined tables, read once before the events: kept for look-ups, their documents made known to the bus."""

from bus.errors import Invalid
from bus.importing.checkpoint import ImportFolder
from bus.importing.plan import Mapping
from bus.importing.registrar import Registrar
from bus.importing.rejects import Reject, RejectFile
from bus.importing.report import Pace, Tally
from bus.importing.tables import Malformed, TableFile
from bus.importing.translate import Translator
from bus.importing.values import Line


def read_joined(
    mapping: Mapping,
    tables: dict[str, TableFile],
    *,
    translator: Translator,
    registrar: Registrar,
    folder: ImportFolder,
    pace: Pace,
) -> Tally:
    """Read every table but the row input; what cannot be used goes to that table's own reject file.

    The tally counts rows and rejects of these tables. Every run reads them anew, so nothing of this is in a checkpoint.
    """
    tally = Tally()
    for one in mapping.inputs:
        register = mapping.register is not None and mapping.register.table == one.name
        if one.name == mapping.rows and not register:
            continue
        file = tables[one.name]
        # The row input's own reject file belongs to the events; here its documents are only made known.
        rejects = None if one.name == mapping.rows else RejectFile(folder.rejects(one.name), file.header)
        for line in file.lines():
            tally.rows += 1
            pace.tell("documents", file, tally.rows, tally)
            refused = _keep(one.name, line, mapping, translator, registrar)
            if refused and rejects:
                tally.rejected[refused.code] += 1
                rejects.write([refused])
        if rejects:
            rejects.close()
    registrar.flush()
    return tally


def _keep(
    table: str, line: Line | Malformed, mapping: Mapping, translator: Translator, registrar: Registrar
) -> Reject | None:
    if isinstance(line, Malformed):
        return Reject(line.file, line.number, line.cells, "IMPORT_ROW_MALFORMED", line.reason)
    try:
        if table != mapping.rows:
            translator.add_joined(table, line)
        if mapping.register is not None and mapping.register.table == table:
            registrar.add([translator.registered(mapping.register, line)])
    except Invalid as error:
        return Reject(line.file, line.number, line.cells, error.code, error.message, error.where)
    return None
