"""Codes of publishing events to the bus from elsewhere."""

from typing import Final

from bus.words.entry import Words

WORDS: Final[dict[str, Words]] = {
    "CHANNEL_MISSING": Words(
        "No bus has been on this broker", "该消息代理上尚无总线",
        "Start the bus (ledgerbus up, or a dispatcher) on the same broker and virtual host; then the spool is sent.",
        "请在同一消息代理与虚拟主机上启动总线（ledgerbus up 或调度进程）；暂存的事件随后会自动发送。",
    ),
    "SPOOL_BUSY": Words(
        "Another process has this spool", "该暂存目录正被另一进程使用",
        "Give each publishing process a spool directory of its own.", "请为每个发送进程指定各自的暂存目录。",
    ),
    "SPOOL_FAILED": Words(
        "The spool cannot be read or written", "暂存目录无法读写",
        "Look at the disk's free space and the directory's owner; nothing was taken over that is not on disk.",
        "请检查磁盘剩余空间与目录属主；未写入磁盘的事件均未被接管。",
    ),
    "NOT_ANSWERED": Words(
        "Some events have no receipt yet", "部分事件尚未收到回执",
        "See that the bus runs on this broker, then send the same file again: what was taken is a duplicate.",
        "请确认总线已在该消息代理上运行，然后重新发送同一文件；已接收的事件会被识别为重复。",
    ),
}  # fmt: skip
