/** The engines: how each is called, how it tells of drops, what its complaints mean. */
import { accessSync, constants, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CaptureError, printable } from '../capture/error.js'
import type { EngineEnd } from './engine.js'
import { ENGINE_NAMES, type EngineName } from './engine-names.js'
import type { Account, Drops } from './link.js'

export interface EngineRequest {
  interface: string
  /** BPF expression; undefined = everything. */
  filter?: string | undefined
  /** Bytes kept of each packet; undefined = all. */
  snaplen?: number | undefined
  /** Who an engine of ours becomes once it captures; the others see to that themselves. */
  account?: Account | undefined
}

export interface Engine {
  /** Program and arguments; no argument of the user's can be taken for an option. */
  command(request: EngineRequest): { program: string; args: string[] }
  /** Packets lost so far, when this line of its standard error says so. */
  drops(line: string): Partial<Drops> | undefined
  /** It answers SIGUSR1 with drop counts. */
  asks: boolean
}

/** Kernel buffer: 32 MiB ride out a second of a full gigabit. */
const BUFFER_KIB = 32768

const tcpdump: Engine = {
  command: ({ interface: name, filter, snaplen }) => ({
    program: 'tcpdump',
    args: [
      '-U',
      '-n',
      '-p',
      '-B',
      String(BUFFER_KIB),
      '--time-stamp-precision=nano',
      ...(snaplen === undefined ? [] : ['-s', String(snaplen)]),
      '-w',
      '-',
      '-i',
      name,
      ...(filter === undefined ? [] : ['--', filter]),
    ],
  }),
  drops(line) {
    const kernel = /(\d+) packets? dropped by kernel/.exec(line)
    const device = /(\d+) packets? dropped by interface/.exec(line)
    if (!kernel && !device) return undefined
    return { ...(kernel && { kernel: Number(kernel[1]) }), ...(device && { engine: Number(device[1]) }) }
  },
  asks: true,
}

const dumpcap: Engine = {
  command: ({ interface: name, filter, snaplen }) => ({
    program: 'dumpcap',
    args: [
      '-q',
      '-p',
      '-B',
      String(BUFFER_KIB / 1024),
      ...(snaplen === undefined ? [] : ['-s', String(snaplen)]),
      '-w',
      '-',
      '-i',
      name,
      ...(filter === undefined ? [] : ['-f', filter]),
    ],
  }),
  drops(line) {
    const found = /received\/dropped on interface .*: \d+\/(\d+) /.exec(line)
    return found ? { kernel: Number(found[1]) } : undefined
  },
  asks: false,
}

/** A program of ours; see engine-cap.ts. */
const cap: Engine = {
  command: request => {
    const own = import.meta.url.endsWith('.ts') ? './engine-cap.ts' : './engine-cap.js'
    const entry = fileURLToPath(new URL(own, import.meta.url))
    return { program: process.execPath, args: [...process.execArgv, entry, JSON.stringify(request)] }
  },
  drops: () => undefined,
  asks: false,
}

export const ENGINES: Record<EngineName, Engine> = { tcpdump, dumpcap, cap }

/** `auto`: the first that is installed. @throws CaptureError that says what to install */
export function chooseEngine(wanted: EngineName | 'auto'): EngineName {
  if (wanted !== 'auto') {
    const lack = lackOf(wanted)
    if (lack === undefined) return wanted
    throw new CaptureError(`--engine ${wanted}: ${lack}`)
  }
  const found = ENGINE_NAMES.find(name => lackOf(name) === undefined)
  if (found) return found
  throw new CaptureError(`nothing to capture with: ${HOW_TO_INSTALL}`)
}

/** Why an engine cannot be used and what to do; undefined when it is there. */
function lackOf(name: EngineName): string | undefined {
  if (name === 'cap') return lackOfCap()
  if (programFolders().some(folder => runnable(join(folder, name)))) return undefined
  return `${name} is not installed; ${HOW_TO_INSTALL}`
}

/** npm leaves out an optional package that cannot be built, and builds none where install scripts are off; it says neither. */
function lackOfCap(): string | undefined {
  let folder: string
  try {
    folder = dirname(createRequire(import.meta.url).resolve('cap/package.json'))
  } catch {
    return `the package cap is not installed; ${HEADERS}, then npm install cap`
  }
  if (existsSync(join(folder, 'build/Release/cap.node'))) return undefined
  return `the package cap is not built; ${HEADERS}, then npm rebuild cap --ignore-scripts=false`
}

const HEADERS = 'it takes a compiler and libpcap headers: apt install libpcap-dev g++ make python3'

/** Where programs are looked for: the PATH of daemons and users often lacks the folders of administrators' programs. */
export function programFolders(): string[] {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  return [...new Set([...path, '/usr/local/sbin', '/usr/sbin', '/sbin'])]
}

const HOW_TO_INSTALL = 'install tcpdump (apt install tcpdump, dnf install tcpdump, apk add tcpdump)'

function runnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Patterns of the engines' complaints → what to tell the user. `$i` is the interface, `$f` the filter, `$e` the engine. */
const COMPLAINTS: [RegExp, string][] = [
  [
    /no such device|no device named|interface.*doesn.t exist|SIOCGIF(HWADDR|INDEX).*No such/i,
    'no such interface: $i (rst-analyze live --list shows them)',
  ],
  [/permission|not permitted|CAP_NET_RAW/i, 'no permission to capture on $i: run it with sudo'],
  [
    /can't parse filter|invalid capture filter|isn.t a valid capture filter|syntax error|expression rejects all/i,
    'the filter does not compile: $f$d',
  ],
  [
    /not up|network is down|went down|Assertion .*status == 0/i,
    '$i is down: bring it up first (ip link set $i up)',
  ],
  [/ENOENT/, '$e is not installed; install tcpdump (apt install tcpdump) or name another --engine'],
]

/** The one line that says why an engine gave nothing. */
export function explainEnd(name: EngineName, request: EngineRequest, end: EngineEnd): CaptureError {
  const said = end.said.map(line => line.replace(/^(tcpdump|dumpcap|cap): /, ''))
  const known = COMPLAINTS.find(([pattern]) => said.some(line => pattern.test(line)))
  const detail = /(?:expression: |\(can't parse filter expression: )(.+?)\)?\.?$/.exec(said.join('\n'))?.[1]
  const words: Record<string, string> = {
    $i: printable(request.interface),
    $f: printable(request.filter ?? ''),
    $e: name,
    $d: detail ? ` (${printable(detail.split('\n')[0])})` : '',
  }
  if (known) return new CaptureError(known[1].replace(/\$[ifed]/g, key => words[key]))
  const last = said.findLast(line => !/^(listening on|Capturing on|File: )/.test(line))
  const how = end.signal ? `ended by ${end.signal}` : `exit ${end.code}`
  return new CaptureError(`${name} could not capture on ${words['$i']}: ${printable(last ?? how)}`)
}
