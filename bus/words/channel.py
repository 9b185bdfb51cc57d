"""Codes of the open channel: postings out, confirmations in."""

from typing import Final

from bus.words.entry import Words

WORDS: Final[dict[str, Words]] = {
    "CHANNEL_UNROUTABLE": Words(
        "The channel has no queue for the consumer", "通道中没有该消费者的队列",
        "It is tried again and the queue is declared anew; see who deletes it on the broker.",
        "系统会重新声明队列并重试；请查明消息代理上是谁删除了队列。",
    ),
    "CONSUMERS_INVALID": Words(
        "A target's consumer cannot be registered", "目标的消费者无法登记",
        "Correct the settings of the targets with adapter: channel in rules/companies.yaml.",
        "请更正 rules/companies.yaml 中 adapter: channel 目标的设置。",
    ),
    "TARGET_NOT_A_CHANNEL": Words(
        "The target is no channel", "该目标不是通道",
        "Name a target with adapter: channel; other targets are asked by their adapter.",
        "请指定 adapter: channel 的目标；其他目标由其适配器查询。",
    ),
    "CONFIRMATION_MALFORMED": Words(
        "Not a confirmation", "不是有效的确认消息",
        "Send a CloudEvent of type ledger.confirmation.v1 whose data keeps schemas/ledger/confirmation.v1.json.",
        "请发送类型为 ledger.confirmation.v1 的 CloudEvent，其 data 须符合 schemas/ledger/confirmation.v1.json。",
    ),
    "CONFIRMATION_UNAUTHENTICATED": Words(
        "Nobody knows who sent the confirmation", "无法确认该消息的发送者",
        "Set user_id to the consumer's account on RabbitMQ, or sign the body with the consumer's key; see the audit.",
        "请在 RabbitMQ 上设置 user_id 为消费者账号，或用消费者密钥对消息体签名；详见审计记录。",
    ),
    "CONFIRMATION_FOREIGN": Words(
        "The posting was never sent to this consumer", "该过账从未发送给此消费者",
        "Confirm posting ids that came on the consumer's own queue, and no others.",
        "只能确认从该消费者自己的队列收到的过账编号。",
    ),
    "CONFIRMATION_CONTRADICTS": Words(
        "The posting was answered otherwise before", "该过账此前已有不同答复",
        "See what the consumer's ledger really holds; the first answer stands until a person changes it.",
        "请核实消费者账簿中的实际情况；在人工更改之前，以首次答复为准。",
    ),
}  # fmt: skip
