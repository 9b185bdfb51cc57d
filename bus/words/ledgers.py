"""Codes of finance targets and postings."""

from typing import Final

from bus.words.entry import Words

WORDS: Final[dict[str, Words]] = {
    "POSTING_INVALID": Words(
        "The posting cannot be written as it is", "该过账凭证无法写入",
        "Look at the pointer: the id, the date, the lines or an amount is not what a ledger takes.",
        "请查看指针所指之处：编号、日期、分录或金额不符合账簿要求。",
    ),
    "UNBALANCED": Words(
        "Debits and credits differ", "借贷不平衡",
        "Nothing was written. Correct the rule that made the entry.", "未写入任何内容。请更正生成该凭证的规则。",
    ),
    "ACCOUNT_TYPE_UNKNOWN": Words(
        "Unknown account type", "未知的科目类型",
        "Give the account a type of the chart: asset, contra_asset, liability, equity, income, expense or memo.",
        "请为该科目指定科目表中的类型：asset、contra_asset、liability、equity、income、expense 或 memo。",
    ),
    "NAME_UNSAFE": Words(
        "A name that cannot be a file name", "名称不能用作文件名",
        "Name companies, books and periods with letters, digits, dots, hyphens: at most 48, a letter or digit first.",
        "公司、账簿与期间的名称请使用字母、数字、点和连字符，不超过 48 个字符，并以字母或数字开头。",
    ),
    "LEDGER_LOCKED": Words(
        "Another process is writing to the ledger", "另一进程正在写入账簿",
        "Nothing to do: it is tried again. If it lasts, see which process holds the lock file.",
        "无需处理：系统会重试。若持续出现，请检查哪个进程占用锁文件。",
    ),
    "LEDGER_IO_FAILED": Words(
        "The ledger could not be read or written", "账簿无法读取或写入",
        "Check that the disk has room and the directory may be written; it is tried again.",
        "请检查磁盘空间与目录写入权限；系统会重试。",
    ),
    "LEDGER_FILE_DAMAGED": Words(
        "A ledger file was changed from outside", "账簿文件被外部修改",
        "Take your own entries out of the named file, or restore it from a copy; nothing is written until then.",
        "请将自行添加的内容移出所指文件，或从备份恢复；在此之前不会写入。",
    ),
}  # fmt: skip
