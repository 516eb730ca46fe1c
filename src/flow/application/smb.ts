/** SMB over TCP ([MS-SMB2] §2.1, §2.2.1): a 4-byte length, then a header that says request or answer. */
import { u16le, u24, u32le } from './bytes.js'
import type { Reader } from './reader.js'
import { answer, type ApplicationState, ask, label, reject, type SideIndex, wholeMessage } from './state.js'

const COMMANDS = [
  'negotiate',
  'session setup',
  'logoff',
  'tree connect',
  'tree disconnect',
  'create',
  'close',
  'flush',
  'read',
  'write',
  'lock',
  'ioctl',
  'cancel',
  'echo',
  'query directory',
  'change notify',
  'query info',
  'set info',
  'oplock break',
]
const CANCEL = 12
const CHANGE_NOTIFY = 15
const OPLOCK_BREAK = 18
const PENDING = 0x103
const MORE_PROCESSING = 0xc000_0016
/** Answers to session setup and tree connect: what fails here ends a connection. */
const LOGIN = [1, 3]
const LONGEST_MESSAGE = 16_777_215
const VIEW = 4 + 20

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  if (side === 1 || data[from] !== 0) return false
  if (to - from > 4 && data[from + 4] !== 0xfe && data[from + 4] !== 0xff) return false
  if (to - from < 8) return undefined
  return data[from + 5] === 83 && data[from + 6] === 77 && data[from + 7] === 66
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  if (to - from < 4) return 0
  const length = u24(data, from + 1)
  // 0x85 is a keep-alive of the NetBIOS session service (RFC 1002 §4.3.6).
  if (data[from] === 0x85 && length === 0) return 4
  if (data[from] !== 0 || length < 4 || length > LONGEST_MESSAGE) return -1
  const view = Math.min(4 + length, VIEW)
  if (to - from < view) return 0
  wholeMessage(state, side, 4 + length - view)
  if (view === VIEW && data[from + 4] === 0xfe) header(state, side, data, from + 4)
  // SMB 1 and encrypted SMB 3 messages: lengths only.
  else if (view < VIEW || data[from + 4] !== 0xff) state.counted = false
  else if (side === 0) ask(state)
  else answer(state)
  return view
}

function header(state: ApplicationState, side: SideIndex, data: Uint8Array, at: number): void {
  const command = u16le(data, at + 12)
  const name = COMMANDS[command] ?? `command ${command}`
  label(state, name)
  if (side === 0) {
    // A change notification may wait for ever; a cancel is not answered.
    if (command !== CANCEL && command !== CHANGE_NOTIFY && command !== OPLOCK_BREAK) ask(state)
    return
  }
  const status = u32le(data, at + 8)
  if (status !== PENDING && command !== CHANGE_NOTIFY && command !== OPLOCK_BREAK) answer(state)
  if (LOGIN.includes(command) && status >= 0xc000_0000 && status !== MORE_PROCESSING) {
    reject(state, 1, `${name}: status 0x${status.toString(16)}`)
  }
}

function enter(state: ApplicationState): void {
  state.counted = true
}

function resumes(data: Uint8Array, from: number, to: number): boolean {
  return (
    to - from >= 8 &&
    data[from] === 0 &&
    data[from + 4] === 0xfe &&
    data[from + 5] === 83 &&
    data[from + 6] === 77 &&
    data[from + 7] === 66
  )
}

export const smb: Reader = { recognise, enter, unit, resumes, midstream: true }
