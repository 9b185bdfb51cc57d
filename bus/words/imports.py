"""Codes of importing logs."""

from typing import Final

from bus.words.entry import Words

WORDS: Final[dict[str, Words]] = {
    "MAPPING_INVALID": Words(
        "The mapping file is wrong", "导入映射文件有误",
        "Correct the mapping at the line and column named; docs/importing.md describes the format.",
        "请在所示行列修改映射文件；格式见 docs/importing.md。",
    ),
    "IMPORT_FILES_MISMATCH": Words(
        "The files do not fit the mapping", "文件与映射不符",
        "Give the files in the order of the mapping's inputs; correct column names in the mapping or the file.",
        "请按映射中 inputs 的顺序给出文件，并核对列名。",
    ),
    "IMPORT_FILE_UNREADABLE": Words(
        "A file cannot be read", "文件无法读取",
        "Check the path, and whether the file is whole and in the encoding that the mapping names.",
        "请检查路径、文件是否完整，以及编码是否与映射一致。",
    ),
    "IMPORT_RUNNING": Words(
        "The same import is running", "同一导入正在进行",
        "Wait until the other process has ended.", "请等待另一进程结束。",
    ),
    "IMPORT_ROW_MALFORMED": Words(
        "A row does not fit the table", "该行不符合表格结构",
        "Correct the row's quotes, delimiters or order column, and import the file again.",
        "请更正该行的引号、分隔符或排序列后重新导入。",
    ),
    "IMPORT_TEXT_UNREADABLE": Words(
        "Bytes outside the file's encoding", "含有编码之外的字节",
        "Name the right encoding in the mapping, or correct the cell.", "请在映射中写明正确的编码，或更正该单元格。",
    ),
    "IMPORT_FIELD_MISSING": Words(
        "A value that is needed is empty", "必填的值为空",
        "Fill in the cell, or give the field a default or 'optional' in the mapping.",
        "请补填单元格，或在映射中为该字段设置 default 或 optional。",
    ),
    "IMPORT_NUMBER_INVALID": Words(
        "Not a whole number", "不是整数",
        "Correct the cell: ASCII digits only.", "请更正单元格：仅限 ASCII 数字。",
    ),
    "IMPORT_TIME_INVALID": Words(
        "Not a time in the mapping's formats", "时间不符合映射所列格式",
        "Correct the cell, or add its format or timezone to the mapping.", "请更正单元格，或在映射中补充其格式或时区。",
    ),
    "IMPORT_VALUE_UNMAPPED": Words(
        "The value is not in the mapping's list", "映射中没有该值",
        "Add the value to the map, or correct the cell.", "请在映射表中增加该值，或更正单元格。",
    ),
    "IMPORT_JOIN_MISSING": Words(
        "No such row in the joined table", "关联表中没有对应的行",
        "Add the row to the joined table, or correct the key.", "请在关联表中补充该行，或更正键值。",
    ),
    "IMPORT_JOIN_AMBIGUOUS": Words(
        "Rows of the joined table contradict each other", "关联表中同一键的多行互相矛盾",
        "Keep one row for the key in the joined table.", "请在关联表中为该键只保留一行。",
    ),
}  # fmt: skip
