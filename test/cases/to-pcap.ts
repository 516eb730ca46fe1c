/** Writes a case as a capture for looking at it in Wireshark: npx tsx test/cases/to-pcap.ts CASE.md [OUT.pcap] */
import fs from 'node:fs'
import { parseCase } from './notation.js'
import { pcapOf } from './pcap.js'

const [from, to] = process.argv.slice(2)
if (from === undefined) {
  console.error('usage: to-pcap CASE.md [OUT.pcap]')
  process.exit(2)
}
const target = to ?? from.replace(/\.md$/, '.pcap')
fs.writeFileSync(target, pcapOf(parseCase(fs.readFileSync(from, 'utf8'))))
console.log(target)
