"""Codes of starting, running and asking the bus."""

from typing import Final

from bus.words.entry import Words

WORDS: Final[dict[str, Words]] = {
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
    "BROKER_UNROUTABLE": Words(
        "No queue takes a message", "没有队列接收消息",
        "Run `ledgerbus broker setup` against this broker; the wake-up is sent again by itself.",
        "请对该消息代理执行 `ledgerbus broker setup`；唤醒消息会自动重发。",
    ),
    "BROKER_UNSAFE": Words(
        "The broker can lose messages", "消息代理可能丢失消息",
        "Set maxmemory-policy noeviction, appendonly yes and appendfsync always; or allow it with "
        "--allow-unsafe-broker (LEDGERBUS_ALLOW_UNSAFE_BROKER=1).",
        "请设置 maxmemory-policy noeviction、appendonly yes 与 appendfsync always；"
        "或用 --allow-unsafe-broker（LEDGERBUS_ALLOW_UNSAFE_BROKER=1）明确允许。",
    ),
    "SERVICE_UNHEALTHY": Words(
        "A service does no work", "服务未在工作",
        "Read the service's log; a dispatcher or worker is healthy only while it gets through its loop.",
        "请查看该服务的日志；调度器与工作进程只有在循环正常推进时才算健康。",
    ),
    "GATEWAY_KEYS_MISSING": Words(
        "A door without keys would be open to the network", "未配置密钥的入口不得对网络开放",
        "Name a file of keys with LEDGERBUS_GATEWAY_KEYS_FILE, or bind the gateway to 127.0.0.1.",
        "请用 LEDGERBUS_GATEWAY_KEYS_FILE 指定密钥文件，或将网关绑定到 127.0.0.1。",
    ),
    "GATEWAY_KEYS_INVALID": Words(
        "The file of gateway keys is wrong", "网关密钥文件有误",
        "Each entry has a name, a key or its sha256, and the sources, types and companies it may use.",
        "每一项须有名称、密钥或其 sha256，以及允许的来源、类型与公司。",
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
    "DOCUMENT_UNKNOWN": Words(
        "No such document in this store", "存储中没有该单据",
        "Check the number and --home; the key is the event's subject.",
        "请核对单据号与 --home；单据号即事件的 subject。",
    ),
    "DOCUMENT_AMBIGUOUS": Words(
        "Several companies have this document", "多家公司有同号单据",
        "Name one with --company.", "请用 --company 指定公司。",
    ),
    "GATEWAY_UNAVAILABLE": Words(
        "The HTTP door does not answer", "HTTP 入口无响应",
        "See logs/gateway.log in the home; then run the command again, nothing is taken in twice.",
        "请查看数据目录下的 logs/gateway.log，然后重新执行；事件不会被重复接收。",
    ),
    "INTERNAL_ERROR": Words(
        "A defect of the bus itself", "总线自身的缺陷",
        "Send the named file to whoever maintains the bus; it may quote a document.",
        "请将所列文件交给维护人员；其中可能含有单据内容。",
    ),
    "NOT_AT_REST": Words(
        "The bus did not come to rest in time", "总线未在规定时间内处理完毕",
        "See what is left and the logs; run the command again with a longer --wait, nothing is lost.",
        "请查看剩余项与日志，并以更长的 --wait 重新执行；数据不会丢失。",
    ),
    "SETTINGS_INVALID": Words(
        "A setting is wrong", "设置有误",
        "Correct the environment variable or option that is named.", "请更正所指的环境变量或选项。",
    ),
}  # fmt: skip
