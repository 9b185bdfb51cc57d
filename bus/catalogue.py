"""What each stable error code means and what to do about it, in English and Chinese. docs/errors.md is made from it."""

from typing import Final, NamedTuple


class Words(NamedTuple):
    """A code's words: `en`, `zh` say what it is; `remedy_en`, `remedy_zh` say what a person does about it."""

    en: str
    zh: str
    remedy_en: str
    remedy_zh: str


CATALOGUE: Final[dict[str, Words]] = {
    "AMOUNT_INVALID": Words(
        "Not an amount", "金额格式不正确",
        'Send amounts as text such as "1234.50": ASCII digits, at most 18, at most 6 decimals, no exponent.',
        "金额须为文本，如 “1234.50”：仅限 ASCII 数字，总位数不超过 18，小数不超过 6 位，不得使用指数。",
    ),
    "AMOUNT_NOT_ROUNDED": Words(
        "Amount has a fraction of a minor unit", "金额含有小于最小货币单位的部分",
        "Name a rounding where the amount is derived.", "请在推导金额处指明舍入方式。",
    ),
    "CURRENCY_INVALID": Words(
        "Not a currency code", "币种代码不正确",
        "Use a three-letter ISO 4217 code such as CNY.", "请使用三位 ISO 4217 币种代码，如 CNY。",
    ),
    "MESSAGE_MALFORMED": Words(
        "Not a readable message", "消息无法解析",
        "Send one JSON object in UTF-8, without duplicate keys, NaN or numbers with a fraction.",
        "请发送 UTF-8 编码的 JSON 对象；不得有重复的键、NaN 或带小数的数字。",
    ),
    "EVENT_INVALID": Words(
        "Event does not match its schema", "事件不符合其模式",
        "Correct the field the pointer names; the schema is in schemas/events.",
        "请修改指针所指的字段；模式见 schemas/events。",
    ),
    "EVENT_TYPE_UNKNOWN": Words(
        "Unknown event type or version", "未知的事件类型或版本",
        "Use a type and version that schemas/events has.", "请使用 schemas/events 中已有的类型与版本。",
    ),
    "COMPANY_UNKNOWN": Words(
        "Unknown company", "未知的公司",
        "Add the company to rules/companies.yaml or correct the event.", "请在 rules/companies.yaml 中增加该公司，或更正事件。",
    ),
    "EVENT_CONFLICT": Words(
        "Same source and id with other content", "相同来源与编号，但内容不同",
        "A changed document needs a new event id and the next sequence.", "单据变更须使用新的事件编号和下一个序号。",
    ),
    # Ledger targets
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
        "Name companies, books and periods with letters, digits, dots and hyphens, at most 48, a letter or digit first.",
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
    # Running the bus
    "BROKER_UNAVAILABLE": Words(
        "The broker does not answer", "消息代理无响应",
        "Nothing is lost: work is in the store. Look at the broker's log; the next sweep sends the wake-ups again.",
        "数据没有丢失：工作保存在数据库中。请查看消息代理的日志；下一次扫描会重新发出唤醒消息。",
    ),
    "BROKER_MISSING": Words(
        "No broker to start", "没有可启动的消息代理",
        "Set LEDGERBUS_BROKER_URL to a running broker, or install valkey-server or redis-server.",
        "请将 LEDGERBUS_BROKER_URL 设为正在运行的消息代理，或安装 valkey-server 或 redis-server。",
    ),
    "ALREADY_RUNNING": Words(
        "A bus already runs in this home", "该目录中已有一个实例在运行",
        "Stop it first (Ctrl-C, or SIGTERM to the process named), or choose another --home.",
        "请先停止该实例（Ctrl-C，或向所示进程发送 SIGTERM），或另选 --home。",
    ),
    "SERVICE_NOT_READY": Words(
        "A service did not start in time", "服务未能按时启动",
        "Read the service's log named in the message; correct what it says, then start again.",
        "请阅读消息中所示的服务日志，按其说明更正后重新启动。",
    ),
}  # fmt: skip
