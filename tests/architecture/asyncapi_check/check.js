// Parses the AsyncAPI document named, with every schema it refers to; exit code 1 and a line for each error.
'use strict'
const { Parser, fromFile } = require('@asyncapi/parser')

async function main () {
  const { document, diagnostics } = await fromFile(new Parser(), process.argv[2]).parse()
  const errors = diagnostics.filter((each) => each.severity === 0)
  for (const each of errors) console.error(`${each.path.join('/')}: ${each.message}`)
  if (!document || errors.length) process.exit(1)
  console.log(document.channels().all().map((channel) => channel.address()).join('\n'))
}

main().catch((error) => { console.error(error.message); process.exit(1) })
