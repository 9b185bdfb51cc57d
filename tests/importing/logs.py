"""Logs made for these tests: a plain one, and a foreign one that differs from it in everything."""

import gzip
from pathlib import Path

PLAIN = """\
mapping: plain
company: EU01
inputs:
  events: {}
  claims: {key: no}
document: {column: no}
id: "{document}#{step}"
time: {column: at}
activity: {column: what}
register: {input: claims, document: {column: no}}
events:
  - type: reimbursement.approved
    when: {column: what, equals: approve}
    data:
      doc_no: {column: no}
      employee: {const: E1}
      accounting_date: {date: {column: at}}
      currency: {const: EUR}
      total: &total {number: {column: claims.sum, currency: EUR, round: half_up}}
      rows:
        - category: {const: travel}
          dept: {const: D1}
          gross: *total
  - type: document.withdrawn
    when: {column: what, in: [withdraw, refuse]}
    data:
      doc_no: {column: no}
      withdrawn_on: {date: {column: at}}
  - type: payment.made
    when: {column: what, equals: pay}
    data:
      payment_no: {template: "P-{document}-{step}"}
      document_no: {column: no}
      accounting_date: {date: {column: at}}
      currency: {const: EUR}
      amount: *total
"""


def plain_files(folder: Path, events: list[tuple[str, ...]], claims: list[tuple[str, ...]]) -> list[Path]:
    """An events table (no, step, what) and a claims table (no, sum), as CSV."""
    rows = [f"{','.join(row)},2025-03-0{index % 9 + 1}T10:00:00+01:00" for index, row in enumerate(events)]
    names = [folder / "events.csv", folder / "claims.csv"]
    names[0].write_text("\n".join(["no,step,what,at", *rows]) + "\n")
    names[1].write_text("\n".join(["no,sum", *(",".join(row) for row in claims)]) + "\n")
    return names


FOREIGN = """\
mapping: foreign
source: oa.foreign
company: {column: 公司, map: companies}
maps:
  companies: {甲公司: CN01}
  kinds: {差: 差旅费, 办: 办公费}
inputs:
  流程: {encoding: gb18030, delimiter: semicolon, skip_lines: 1}
  单据: {encoding: gb18030, delimiter: tab, key: [年, 单号], matches: [年度, 单据号]}
rows: 流程
order: file_reversed
where: {column: 状态, equals: [有效, ok], ignore_case: true}
document: {template: "{年度}-{单据号}"}
time: {column: 时间, format: ["%d.%m.%Y %H:%M", "%d.%m.%Y"], timezone: Asia/Shanghai}
activity: {column: 动作}
register: {input: 单据, document: {template: "{年}-{单号}"}, company: CN01}
events:
  - type: reimbursement.approved
    when:
      - {column: 动作, prefix: [终审, 批准]}
      - {not: {column: 动作, contains: 退回}}
    data:
      doc_no: {template: "{年度}-{单据号}"}
      employee: {column: 单据.报销人}
      accounting_date: {date: {column: 时间, format: ["%d.%m.%Y %H:%M", "%d.%m.%Y"]}}
      currency: {const: CNY}
      total: &total
        number: {column: 单据.金额, currency: CNY, round: half_up, decimal_mark: ",", group_mark: ".", strip: "¥"}
      memo: {column: 单据.事由, optional: true}
      rows:
        - category: {column: 单据.类别, map: kinds}
          dept: {column: 单据.部门, default: 总部}
          gross: *total
          deductible: {const: false}
"""


def foreign_files(folder: Path) -> list[Path]:
    """Newest first, no offsets, GB18030, semicolons and tabs, one gzipped, a line above the header, two-column keys."""
    flow = [
        "导出于 2025",
        "公司;年度;单据号;动作;时间;状态",
        "甲公司;2025;7;终审（退回）;05.03.2025 09:00;OK",
        "甲公司;2025;7;终审;01.03.2025;有效",
        "甲公司;2025;8;批准;28.02.2025 23:30;有效",
        "甲公司;2025;8;批准;28.02.2025 10:00;作废",
    ]
    papers = [
        "年\t单号\t报销人\t金额\t事由\t类别\t部门",
        "2025\t7\t张三\t¥1.234,505\t\t差\t",
        "2025\t8\t李四\t0,1\t墨盒\t办\t财务",
    ]
    names = [folder / "flow.txt.gz", folder / "papers.tsv"]
    names[0].write_bytes(gzip.compress("\r\n".join(flow).encode("gb18030")))
    names[1].write_bytes("\r\n".join(papers).encode("gb18030"))
    return names
