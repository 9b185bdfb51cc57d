// A finance consumer: applies each posting once in effect, keeps what it applied in a file, confirms it.
// `node consumer.js AMQP_URL NAME FILE`; needs amqplib (npm ci). Ends with Ctrl-C only.
'use strict'
const fs = require('node:fs')
const { randomUUID } = require('node:crypto')
const amqp = require('amqplib')

const [url, name, file] = process.argv.slice(2)
const channelOfConfirmations = 'ledger.confirmations'
const kept = fs.openSync(file, 'a+')
const whole = fs.readFileSync(file, 'utf8').split('\n').slice(0, -1) // a line that a crash cut off was never confirmed
fs.ftruncateSync(kept, whole.reduce((bytes, line) => bytes + Buffer.byteLength(line) + 1, 0))
const applied = new Set(whole.map((line) => line.split(' ')[0]))

// Book what is new, on disk before anything is confirmed.
function apply (posting) {
  if (applied.has(posting.posting_id)) return 'already_posted'
  fs.writeSync(kept, `${posting.posting_id} ${posting.number}\n`)
  fs.fsyncSync(kept)
  applied.add(posting.posting_id)
  return 'posted'
}

function confirmation (posting) {
  const data = { posting_id: posting.posting_id, outcome: apply(posting), reference: posting.posting_id.slice(0, 8) }
  const event = { specversion: '1.0', id: randomUUID(), source: `urn:consumer:${name}`, type: 'ledger.confirmation.v1' }
  return Buffer.from(JSON.stringify({ ...event, data }))
}

async function consume () {
  const connection = await amqp.connect(url, { heartbeat: 20 })
  const lost = new Promise((resolve) => connection.on('error', resolve).on('close', resolve))
  const channel = await connection.createConfirmChannel()
  channel.on('error', () => connection.close().catch(() => {}))
  await channel.prefetch(200)
  const headers = { 'ledgerbus-consumer': name }
  const userId = decodeURIComponent(new URL(url).username)
  const properties = { persistent: true, mandatory: true, contentType: 'application/cloudevents+json', userId, headers }
  await channel.consume(`ledger.postings.${name}`, (message) => {
    if (message === null) return connection.close().catch(() => {})
    const body = confirmation(JSON.parse(message.content).data)
    // Acknowledged only when the broker has the confirmation: what is lost before comes again.
    channel.publish(channelOfConfirmations, channelOfConfirmations, body, properties, (error) => {
      if (!error) try { channel.ack(message) } catch { /* the connection is gone: it comes again */ }
    })
  })
  throw await lost
}

async function main () {
  for (;;) {
    await consume().catch((error) => console.error(`waiting: ${error ? error.code || error.message : 'connection closed'}`))
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

main()
