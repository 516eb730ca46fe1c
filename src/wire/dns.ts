/**
 * DNS answers over UDP (RFC 1035 §4), multicast DNS (RFC 6762) and LLMNR (RFC 4795) among them: which addresses a name was given.
 * A message that is cut or lies gives what stands before the damage.
 */
import { u16 } from './bytes.js'
import { addressText } from './text.js'

const HEADER = 12
const LONGEST_NAME = 253
/** Compression pointers followed in one name: each must point backwards, so that even a lying message comes to an end. */
const JUMPS = 32
/** Records looked at per message; a datagram of 65,535 bytes could claim thousands. */
const RECORDS = 64
const A = 1
const CNAME = 5
const AAAA = 28
const INTERNET = 1

/** What a record says, and where the next one begins. */
interface ResourceRecord {
  owner: string
  type: number
  at: number
  length: number
}

/**
 * Calls back for each address of an answer, with the name that was asked for: behind a chain of CNAMEs that is the name the
 * application knows. Names other than letters, digits, `-` and `_` are passed over.
 * @param data the message lies in `data[start .. end)`
 * @param onAddress gets an IPv4 address in dotted decimal, an IPv6 address as in RFC 5952
 */
export function dnsAddresses(
  data: Uint8Array,
  start: number,
  end: number,
  onAddress: (name: string, address: string) => void,
): void {
  // An answer to a standard query, without error.
  if (end - start < HEADER || (data[start + 2] & 0xf8) !== 0x80 || (data[start + 3] & 0x0f) !== 0) return
  const questions = u16(data, start + 4)
  let at = start + HEADER
  let asked = ''
  if (questions > 1) return
  if (questions === 1) {
    const question = readName(data, start, at, end)
    if (!question) return
    asked = question.name
    at = question.next + 4
  }
  const chain = new Set([asked])
  const records = Math.min(RECORDS, u16(data, start + 6))
  for (let i = 0; i < records; i++) {
    const record = readRecord(data, start, at, end)
    if (!record) return
    at = record.at + record.length
    if (record.type === CNAME) {
      const target = chain.has(record.owner) ? readName(data, start, record.at, end) : undefined
      if (target?.name) chain.add(target.name)
      continue
    }
    const address = addressOf(data, record)
    const name = chain.has(record.owner) ? asked : record.owner
    if (address && name) onAddress(name, address)
  }
}

function readRecord(data: Uint8Array, start: number, at: number, end: number): ResourceRecord | undefined {
  const owner = readName(data, start, at, end)
  if (!owner || owner.next + 10 > end) return undefined
  const length = u16(data, owner.next + 8)
  const rdata = owner.next + 10
  if (rdata + length > end) return undefined
  // The top bit of the class is multicast DNS's cache-flush bit (RFC 6762 §10.2).
  const isInternet = (u16(data, owner.next + 2) & 0x7fff) === INTERNET
  return { owner: owner.name, type: isInternet ? u16(data, owner.next) : 0, at: rdata, length }
}

function addressOf(data: Uint8Array, { type, at, length }: ResourceRecord): string | undefined {
  if (type === A && length === 4) return data.subarray(at, at + 4).join('.')
  if (type !== AAAA || length !== 16) return undefined
  const view = new DataView(data.buffer, data.byteOffset + at, 16)
  return addressText(
    Int32Array.from([0, 4, 8, 12], offset => view.getInt32(offset)),
    6,
  )
}

/** @returns the name in small letters ('' when it is none that a host can have) and where what follows it begins; undefined when cut or lying */
function readName(
  data: Uint8Array,
  start: number,
  from: number,
  end: number,
): { name: string; next: number } | undefined {
  let name = ''
  let clean = true
  let next = -1
  let at = from
  for (let jumps = 0; jumps <= JUMPS; ) {
    if (at >= end) return undefined
    const length = data[at]
    if (length === 0) return { name: clean ? name : '', next: next < 0 ? at + 1 : next }
    if (length >= 0xc0) {
      const target = at + 1 < end ? start + (u16(data, at) & 0x3fff) : end
      if (target >= at) return undefined
      if (next < 0) next = at + 2
      at = target
      jumps++
      continue
    }
    // RFC 6891 §5: the other two kinds of label are gone.
    if (length > 63 || at + 1 + length > end || name.length + length > LONGEST_NAME) return undefined
    const label = labelText(data, at + 1, at + 1 + length)
    clean &&= label !== ''
    name += (name === '' ? '' : '.') + label
    at += length + 1
  }
  return undefined
}

/** Letters, digits, hyphens and underscores (RFC 1123 §2.1, RFC 8552); '' for anything else. */
function labelText(data: Uint8Array, from: number, to: number): string {
  let label = ''
  for (let at = from; at < to; at++) {
    const byte = data[at]
    const isUpper = byte >= 0x41 && byte <= 0x5a
    const isLower = byte >= 0x61 && byte <= 0x7a
    const isDigit = byte >= 0x30 && byte <= 0x39
    if (!isUpper && !isLower && !isDigit && byte !== 0x2d && byte !== 0x5f) return ''
    label += String.fromCharCode(isUpper ? byte + 32 : byte)
  }
  return label
}
