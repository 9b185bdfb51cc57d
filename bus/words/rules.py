"""Codes of accounting rules and what they hold."""

from typing import Final

from bus.words.entry import Words

WORDS: Final[dict[str, Words]] = {
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
        "Add the row to the map, near the rows shown, and start the bus anew; the document is then released by itself.",
        "请参照所示的相近行补充映射并重新启动；单据随后自动放行。",
    ),
    "NO_LIVE_APPROVAL": Words(
        "Nothing live to pay", "没有生效的批准凭证",
        "Wait for the approval, or correct the document the payment names.", "请等待批准，或更正付款所指的单据。",
    ),
    "NEGATIVE_AMOUNT": Words(
        "A line would be below zero", "分录金额为负",
        "Correct the document, or give the rule a second line for the other side.",
        "请更正单据，或为规则增加另一方向的分录。",
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
        "Complete the document, or take the dimension from elsewhere in the rule.",
        "请补全单据，或在规则中改从他处取值。",
    ),
    "EXPRESSION_FAILED": Words(
        "An expression has no value", "表达式无法求值",
        "Look for a division by zero or a place outside a list in the named rule.",
        "请检查所列规则中是否除以零或超出列表范围。",
    ),
    "FX_RATE_MISSING": Words(
        "No exchange rate", "缺少汇率",
        "Supply the rate for the currency and day; it is never taken as 1.",
        "请提供该币种当日汇率；系统不会按 1 处理。",
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
}  # fmt: skip
