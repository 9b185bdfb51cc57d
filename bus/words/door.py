"""Codes of the HTTP door."""

from typing import Final

from bus.words.entry import Words

WORDS: Final[dict[str, Words]] = {
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
}  # fmt: skip
