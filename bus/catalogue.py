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
    # The HTTP door.
    "UNAUTHENTICATED": Words(
        "No valid key", "缺少有效的密钥",
        "Send the header Authorization: Bearer <key> with a key of this bus.",
        "请发送 Authorization: Bearer <密钥> 头，密钥由本总线颁发。",
    ),
    "FORBIDDEN": Words(
        "The key does not allow this", "该密钥无此权限",
        "Ask the operator to allow the source, event type and company for this key.",
        "请运维人员为该密钥开通相应的来源、事件类型与公司。",
    ),
    "NOT_FOUND": Words(
        "Not here", "不存在",
        "Check the path, the company and the document number.", "请核对路径、公司与单据编号。",
    ),
    "METHOD_NOT_ALLOWED": Words(
        "Method not allowed", "不允许的请求方法",
        "Offer events with POST, read with GET.", "提交事件用 POST，读取用 GET。",
    ),
    "TOO_LARGE": Words(
        "Too large", "内容过大",
        "At most 1 MiB an event; a batch at most 8 MiB and 1,000 events. Keep attachments elsewhere and name them.",
        "单个事件不超过 1 MiB；一批不超过 8 MiB 和 1,000 个事件。附件请另行存放，仅传其编号。",
    ),
    "MEDIA_TYPE_UNSUPPORTED": Words(
        "Media type not taken", "不支持的内容类型",
        "Send application/cloudevents+json, application/cloudevents-batch+json, or ce- headers with application/json; "
        "UTF-8, not compressed.",
        "请发送 application/cloudevents+json、application/cloudevents-batch+json，"
        "或 ce- 头加 application/json；须为 UTF-8 且不压缩。",
    ),
    "DOOR_BUSY": Words(
        "The door is busy", "入口繁忙",
        "Send the same event again after the seconds in Retry-After.",
        "请按 Retry-After 的秒数稍后重发同一事件。",
    ),
    "DEFECT": Words(
        "The bus failed", "总线内部错误",
        "Send the same event again; if it fails again, give the correlation id to the operator.",
        "请重发同一事件；若仍失败，请将关联编号告知运维人员。",
    ),
    # Accounting rules
    "RULES_INVALID": Words(
        "Rules cannot be used", "规则无法使用",
        "Correct each place the message names (file:line:column) and check the rules again.",
        "请逐一修改消息所指之处（文件:行:列），然后重新检查规则。",
    ),
    "NO_RULE": Words(
        "No rule matches the event", "没有匹配该事件的规则",
        "Add a rule version that is effective on the accounting date, or correct the date.",
        "请增加在记账日期有效的规则版本，或更正日期。",
    ),
    "RULE_CONFLICT": Words(
        "More than one rule matches", "匹配到多条规则",
        "Make the conditions of the named rules exclude each other.", "请使所列规则的条件互不重叠。",
    ),
    "MAP_MISSING": Words(
        "A map has no row for this key", "映射表缺少对应的行",
        "Add the row to the map, near the rows shown; the document is then released by itself.",
        "请参照所示的相近行补充映射；单据随后自动放行。",
    ),
    "NO_LIVE_APPROVAL": Words(
        "Nothing live to pay", "没有生效的批准凭证",
        "Wait for the approval, or correct the document the payment names.", "请等待批准，或更正付款所指的单据。",
    ),
    "NEGATIVE_AMOUNT": Words(
        "A line would be below zero", "分录金额为负",
        "Correct the document, or give the rule a second line for the other side.", "请更正单据，或为规则增加另一方向的分录。",
    ),
    "REMAINDER_NEGATIVE": Words(
        "The remainder has the wrong sign", "余额行方向相反",
        "Compare the document's rows with its total.", "请核对单据明细与总额。",
    ),
    "EMPTY_ENTRY": Words(
        "No line above zero", "没有大于零的分录",
        "Correct the amounts, or add a no_entry condition to the rule.", "请更正金额，或在规则中增加 no_entry 条件。",
    ),
    "CHECK_FAILED": Words(
        "The rule's check does not hold", "规则校验不成立",
        "Compare the document's rows, tax and total; correct the document at its source.",
        "请核对单据的明细、税额与总额，并在来源系统更正。",
    ),
    "DIMENSION_MISSING": Words(
        "A mandatory dimension is missing", "缺少必填的辅助核算",
        "Complete the document, or take the dimension from elsewhere in the rule.", "请补全单据，或在规则中改从他处取值。",
    ),
    "EXPRESSION_FAILED": Words(
        "An expression has no value", "表达式无法求值",
        "Look for a division by zero or a place outside a list in the named rule.",
        "请检查所列规则中是否除以零或超出列表范围。",
    ),
    "FX_RATE_MISSING": Words(
        "No exchange rate", "缺少汇率",
        "Supply the rate for the currency and day; it is never taken as 1.", "请提供该币种当日汇率；系统不会按 1 处理。",
    ),
    "CHANGED_WHILE_LIVE": Words(
        "Other content while the document is live", "单据生效期间内容有变",
        "Decide whether the booked entry is to be taken back before the change is booked.",
        "请决定是否先注销已记账的凭证，再记录变更。",
    ),
    "PAID_DOCUMENT_WITHDRAWN": Words(
        "A paid document is taken back", "已支付的单据被撤回",
        "Settle with the payee first, or let the rule leave a receivable (on_withdraw_paid: receivable).",
        "请先与收款人结清，或在规则中改为形成应收（on_withdraw_paid: receivable）。",
    ),
    "PRIOR_YEAR": Words(
        "Taking back an entry of another fiscal year", "跨会计年度注销",
        "Decide how: set prior_year to mirror_6901, mirror_current or red for the rule or the company.",
        "请决定处理方式：为规则或公司将 prior_year 设为 mirror_6901、mirror_current 或 red。",
    ),
    # Importing logs
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
