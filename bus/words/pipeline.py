"""Codes of the way from an accepted event to a confirmed posting, and of the store."""

from typing import Final

from bus.words.entry import Words

WORDS: Final[dict[str, Words]] = {
    "NO_ROUTE": Words(
        "No routing rule matches the event", "没有匹配该事件的路由规则",
        "Add a rule to rules/routing.yaml; the event is kept until it is released or discarded.",
        "请在 rules/routing.yaml 中增加规则；事件会一直保留，直至放行或作废。",
    ),
    "ROUTE_CONFLICT": Words(
        "Two routing rules name different queues", "两条路由规则指定了不同的队列",
        "Make the conditions of the named rules exclude each other, or use publish for copies.",
        "请使所列规则的条件互不重叠，或改用 publish 分发副本。",
    ),
    "ROUTING_INVALID": Words(
        "The routing rules cannot be used", "路由规则无法使用",
        "Correct rules/routing.yaml at the line and column named.", "请在所示行列修改 rules/routing.yaml。",
    ),
    "SEQUENCE_GAP": Words(
        "An earlier event of the document is missing", "缺少该单据较早的事件",
        "Have the source send the missing event; the document then goes on by itself.",
        "请来源系统补发缺少的事件；单据随后自动继续。",
    ),
    "SEQUENCE_TAKEN": Words(
        "Another event of the document has this sequence", "该单据已有另一事件使用此序号",
        "Compare the two events at the source; a change of the document needs the next sequence.",
        "请在来源系统核对两个事件；单据变更须使用下一个序号。",
    ),
    "PERIOD_CLOSED": Words(
        "The accounting period is not open", "会计期间未打开",
        "Open the period, or have the document dated in an open one.", "请打开该期间，或将单据日期改到已打开的期间。",
    ),
    "BOOKING_REFUSED": Words(
        "The entry cannot be written", "凭证无法写入",
        "Look for an amount or a text that is too large, then at the log of the worker, and release the document.",
        "请检查是否有过大的金额或过长的文本，并查看工作进程日志，然后放行单据。",
    ),
    "EVALUATION_FAILED": Words(
        "The rules broke on this document", "规则在处理该单据时出错",
        "Send the worker's log to whoever maintains the rules; release the document after the correction.",
        "请将工作进程日志交给规则维护人员；更正后放行单据。",
    ),
    "EVENT_POISONED": Words(
        "Workers ended without an outcome, again and again", "处理进程多次中断，没有结果",
        "Look at the logs for why the workers ended (memory, time limits), then release the document.",
        "请查看日志中工作进程中断的原因（内存、时限等），然后放行单据。",
    ),
    "ACCOUNT_UNKNOWN": Words(
        "The chart no longer has this account", "科目表中已没有该科目",
        "Put the account back into the chart; booked entries still name it.",
        "请将该科目恢复到科目表；已记账的凭证仍在使用它。",
    ),
    "TARGET_UNKNOWN": Words(
        "The company no longer has this target", "该公司已没有此记账目标",
        "Put the target back into rules/companies.yaml, then send the posting again.",
        "请将该目标恢复到 rules/companies.yaml，然后重新发送。",
    ),
    "ADAPTER_UNKNOWN": Words(
        "No such adapter", "没有该适配器",
        "Correct the adapter's name in rules/companies.yaml, or add its file to adapters/finance.",
        "请更正 rules/companies.yaml 中的适配器名称，或在 adapters/finance 中增加相应文件。",
    ),
    "ADAPTER_FAILED": Words(
        "The adapter broke or gave no answer", "适配器出错或没有应答",
        "It is tried again. If it lasts, send the worker's log to whoever maintains the adapter.",
        "系统会重试。若持续出现，请将工作进程日志交给适配器维护人员。",
    ),
    "DELIVERY_FAILED": Words(
        "The target did not answer, however often it was asked", "多次尝试后目标仍无应答",
        "See whether the target has the voucher; then confirm the posting or send it again.",
        "请核实目标系统是否已有该凭证，然后确认该过账或重新发送。",
    ),
    "POSTING_IN_DOUBT": Words(
        "It is not known whether the target has the voucher", "不确定目标是否已有该凭证",
        "Look for the voucher in the target; then confirm the posting or send it again.",
        "请在目标系统中查找该凭证，然后确认该过账或重新发送。",
    ),
    "TARGET_DIFFERS": Words(
        "The target has this posting with other content", "目标中已有此过账，但内容不同",
        "Compare both vouchers; correct the one in the target.", "请核对两张凭证，并在目标系统中更正。",
    ),
    "TARGET_REJECTED": Words(
        "The target refused the posting", "目标拒绝了该过账",
        "Do what the target's own message says, then send the posting again.", "请按目标系统的提示处理，然后重新发送。",
    ),
    "STORE_CONFLICT": Words(
        "Another unit of work was first", "另一处理抢先完成",
        "Nothing to do: nothing was written, and it is tried again.", "无需处理：没有写入任何内容，系统会重试。",
    ),
    "STORE_UNAVAILABLE": Words(
        "The store does not answer", "数据库无应答",
        "Look at the database and its disk; work goes on by itself when it is back.",
        "请检查数据库及其磁盘；恢复后处理会自动继续。",
    ),
    "STORE_REFUSED": Words(
        "The store cannot hold this value", "数据库无法存放该值",
        "Look for a text or an amount that is too large for its column; nothing was written.",
        "请检查是否有超出列宽的文本或金额；没有写入任何内容。",
    ),
    "FILE_UNREADABLE": Words(
        "A file of rules or schemas cannot be read", "规则或模式文件无法读取",
        "Check the path, the rights, and that the file is UTF-8.", "请检查路径、权限以及文件是否为 UTF-8。",
    ),
}  # fmt: skip
