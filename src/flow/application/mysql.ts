/**
 * MySQL and MariaDB (dev.mysql.com/doc/dev/mysql-server, "Client/Server Protocol"): packets of 3 bytes length and 1 byte
 * sequence number; where an answer ends follows from the command and the capabilities agreed on.
 */
import { display, latin1, u16le, u24le, u32le } from './bytes.js'
import type { Reader } from './reader.js'
import {
  answer,
  type ApplicationState,
  ask,
  beginMessage,
  endMessage,
  label,
  makeOpaque,
  reject,
  type SideIndex,
  skipMessage,
  switchProtocol,
} from './state.js'

interface Memory {
  /** False until the server has accepted the login. */
  loggedIn: boolean
  /** Capability flags of the client's login packet. */
  capabilities: number
  /** Command of the request being answered. */
  command: number
  phase: 'first' | 'columns' | 'columns-end' | 'rows' | 'counted'
  /** Packets left in phases `columns` and `counted`. */
  left: number
  /** The previous packet was full: the next one is its continuation, not a new row. */
  continued: [boolean, boolean]
}

const CLIENT_COMPRESS = 0x20
const CLIENT_SSL = 0x800
const CLIENT_DEPRECATE_EOF = 0x0100_0000
const CLIENT_ZSTD = 0x0400_0000
const CLIENT_QUERY_ATTRIBUTES = 0x0800_0000
const MORE_RESULTS = 0x0008
const FULL = 0xffffff
/** As much of a packet as is looked at. */
const VIEW = 96

const QUIT = 1
const QUERY = 3
const FIELD_LIST = 4
const STATISTICS = 9
const CHANGE_USER = 17
const BINLOG = [18, 30]
const PREPARE = 22
const SILENT = [24, 25]

const COMMANDS: Readonly<Record<number, string>> = {
  1: 'quit',
  2: 'init db',
  3: 'query',
  4: 'field list',
  9: 'statistics',
  14: 'ping',
  17: 'change user',
  18: 'binlog dump',
  22: 'prepare',
  23: 'execute',
  24: 'send long data',
  25: 'close statement',
  26: 'reset statement',
  28: 'fetch',
  30: 'binlog dump',
  31: 'reset connection',
}

/** A greeting (protocol 10), or an error in its place ("Too many connections"). */
function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  if (side === 0) return false
  if (to - from > 3 && (data[from + 3] !== 0 || data[from + 2] !== 0 || data[from + 1] > 3)) return false
  if (to - from > 4 && data[from + 4] !== 10 && data[from + 4] !== 255) return false
  if (to - from < 7) return to - from < 4 || data[from + 3] === 0 ? undefined : false
  if (data[from + 4] === 10) return data[from + 5] >= 51 && data[from + 5] <= 57
  const code = u16le(data, from + 5)
  return code >= 1000 && code < 4000
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  if (to - from < 4) return 0
  const memory = state.memory as Memory
  const length = u24le(data, from)
  const view = Math.min(length, VIEW)
  if (to - from < 4 + view) return 0
  const continued = memory.continued[side]
  memory.continued[side] = length === FULL
  const at = from + 4
  const rest = length - view
  if (continued) state.sides[side].skip = rest
  else if (side === 0) clientPacket(state, memory, data, at, at + view, data[from + 3], rest)
  else serverPacket(state, memory, data, at, at + view, length)
  return 4 + view
}

function clientPacket(
  state: ApplicationState,
  memory: Memory,
  data: Uint8Array,
  at: number,
  to: number,
  sequence: number,
  rest: number,
): void {
  beginMessage(state, 0)
  if (!memory.loggedIn) login(state, memory, data, at, to)
  else if (sequence === 0 && to > at) command(state, memory, data, at, to)
  if (rest > 0) skipMessage(state, 0, rest)
  else endMessage(state, 0)
  if (!memory.loggedIn && to - at === 32 && (memory.capabilities & CLIENT_SSL) !== 0)
    switchProtocol(state, 'tls')
}

function login(state: ApplicationState, memory: Memory, data: Uint8Array, at: number, to: number): void {
  if (memory.capabilities === 0 && to - at >= 32) {
    memory.capabilities = u32le(data, at)
    label(state, (memory.capabilities & CLIENT_SSL) !== 0 && to - at === 32 ? 'SSL request' : 'login')
  }
  // The further packets of a login answer questions of the server; together they are one request.
  if (state.outstanding === 0) ask(state)
}

function command(state: ApplicationState, memory: Memory, data: Uint8Array, at: number, to: number): void {
  const code = data[at]
  // Queries may begin with attributes: none of them, in one set.
  const words = at + (code === QUERY && (memory.capabilities & CLIENT_QUERY_ATTRIBUTES) !== 0 ? 3 : 1)
  const named = code === QUERY || code === PREPARE
  const verb = named
    ? /^[A-Za-z]{1,16}/.exec(latin1(data, Math.min(words, to), Math.min(to, words + 20)))
    : null
  label(state, (COMMANDS[code] ?? `command ${code}`) + (verb === null ? '' : ` ${verb[0].toUpperCase()}`))
  if (code === QUIT) state.closing[0] = true
  if (code === QUIT || SILENT.includes(code)) return
  if (BINLOG.includes(code)) state.counted = false
  if (code === CHANGE_USER) memory.loggedIn = false
  ask(state)
  memory.command = code
  memory.phase = 'first'
}

function serverPacket(
  state: ApplicationState,
  memory: Memory,
  data: Uint8Array,
  at: number,
  to: number,
  length: number,
): void {
  const server = state.sides[1]
  if (server.inProgress !== true) beginMessage(state, 1)
  const done = ends(state, memory, data, at, to, length)
  if (length > to - at) {
    if (done) skipMessage(state, 1, length - (to - at))
    else server.skip = length - (to - at)
  } else if (done) {
    endMessage(state, 1)
    messageSkipped(state, 1)
  }
  if (memory.loggedIn && (memory.capabilities & (CLIENT_COMPRESS | CLIENT_ZSTD)) !== 0) makeOpaque(state)
}

/** Whether this packet is the last of an answer (or of the server's turn during the login). */
function ends(
  state: ApplicationState,
  memory: Memory,
  data: Uint8Array,
  at: number,
  to: number,
  length: number,
): boolean {
  const type = length === 0 ? -1 : data[at]
  if (type === 0xff && memory.phase !== 'columns') return refused(state, memory, data, at, to)
  if (!memory.loggedIn) return loginAnswer(state, memory, data, at, to, type)
  switch (memory.phase) {
    case 'first':
      return firstPacket(memory, data, at, to, type)
    case 'counted':
      return --memory.left <= 0
    case 'columns':
      if (--memory.left <= 0) memory.phase = deprecatesEof(memory) ? 'rows' : 'columns-end'
      return false
    case 'columns-end':
      memory.phase = 'rows'
      return false
    case 'rows':
      // An EOF packet is short; a row may begin with 0xfe too, but only when its first column has over 16 MB.
      return type === 0xfe && length < (deprecatesEof(memory) ? FULL : 9)
        ? resultEnds(memory, data, at, to)
        : false
  }
}

function deprecatesEof(memory: Memory): boolean {
  return (memory.capabilities & CLIENT_DEPRECATE_EOF) !== 0
}

/** Greeting, questions about the password, and the OK that ends the login. */
function loginAnswer(
  state: ApplicationState,
  memory: Memory,
  data: Uint8Array,
  at: number,
  to: number,
  type: number,
): boolean {
  if (type === 10) {
    let end = at + 1
    while (end < to && data[end] !== 0) end++
    label(state, `MySQL ${display(data, at + 1, end, 40)}`)
  }
  if (type !== 0) return true
  label(state, 'login OK')
  memory.loggedIn = true
  memory.phase = 'first'
  return true
}

function firstPacket(memory: Memory, data: Uint8Array, at: number, to: number, type: number): boolean {
  if (memory.command === STATISTICS) return true
  if (memory.command === FIELD_LIST) {
    memory.phase = 'rows'
    return type === 0xfe
  }
  if (memory.command === PREPARE && type === 0 && to - at >= 9)
    return prepared(memory, u16le(data, at + 5), u16le(data, at + 7))
  if (type === 0) return resultEnds(memory, data, at, to)
  if (type === 0xfe && to - at < 9) return true
  // LOCAL INFILE: the server waits for the file.
  if (type === 0xfb) return false
  memory.left = type < 0xfb ? type : u16le(data, at + 1)
  memory.phase = 'columns'
  return false
}

function prepared(memory: Memory, columns: number, parameters: number): boolean {
  const end = deprecatesEof(memory) ? 0 : 1
  memory.left = (columns > 0 ? columns + end : 0) + (parameters > 0 ? parameters + end : 0)
  memory.phase = 'counted'
  return memory.left === 0
}

/** OK or EOF: unless its status flags announce another result. */
function resultEnds(memory: Memory, data: Uint8Array, at: number, to: number): boolean {
  memory.phase = 'first'
  const eof = data[at] === 0xfe && to - at < 9 && !deprecatesEof(memory)
  let flags = at + 3
  if (!eof) {
    flags = at + 1
    for (let i = 0; i < 2; i++)
      flags += data[flags] < 0xfb ? 1 : data[flags] === 0xfc ? 3 : data[flags] === 0xfd ? 4 : 9
  }
  return flags + 2 > to || (u16le(data, flags) & MORE_RESULTS) === 0
}

/** ERR: ff, code, then '#' and five characters of SQL state (not while connecting), then words. */
function refused(state: ApplicationState, memory: Memory, data: Uint8Array, at: number, to: number): boolean {
  memory.phase = 'first'
  if (to - at < 3) return true
  const words = at + 3 + (data[at + 3] === 35 ? 6 : 0)
  reject(state, 1, `ERROR ${u16le(data, at + 1)}: ${display(data, words, to)}`)
  return true
}

function messageSkipped(state: ApplicationState, side: SideIndex): void {
  const memory = state.memory as Memory
  if (side === 1 && state.requests > 0 && (memory.loggedIn || state.rejections[1]?.timeNs === state.nowNs))
    answer(state)
}

/** An error is told by its first byte behind the packet's header, its code by the next two. */
function cutShort(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const memory = state.memory as Memory
  if (side === 1 && to - from >= 7 && data[from + 4] === 0xff && memory.phase !== 'columns')
    refused(state, memory, data, from + 4, to)
}

function enter(state: ApplicationState): void {
  state.counted = true
  state.memory = {
    loggedIn: false,
    capabilities: 0,
    command: 0,
    phase: 'first',
    left: 0,
    continued: [false, false],
  } satisfies Memory
}

/** A command begins at a boundary with sequence 0; nothing like it marks an answer. */
function resumes(data: Uint8Array, from: number, to: number, side: SideIndex): boolean {
  return (
    side === 0 &&
    to - from >= 5 &&
    data[from + 3] === 0 &&
    data[from + 4] <= 31 &&
    u24le(data, from) === to - from - 4
  )
}

export const mysql: Reader = { recognise, enter, unit, cutShort, messageSkipped, resumes }
