"""Codes of messages, events and amounts."""

from typing import Final

from bus.words.entry import Words

WORDS: Final[dict[str, Words]] = {
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
        "Add the company to rules/companies.yaml or correct the event.",
        "请在 rules/companies.yaml 中增加该公司，或更正事件。",
    ),
    "EVENT_CONFLICT": Words(
        "Same source and id with other content", "相同来源与编号，但内容不同",
        "A changed document needs a new event id and the next sequence.", "单据变更须使用新的事件编号和下一个序号。",
    ),
}  # fmt: skip
