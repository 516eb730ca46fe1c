/** Every option of every command, once: its flags, its help, its parser, and whether this version can do it. */
import * as values from './values.js'

export interface OptionSpec {
  flags: string
  help: string
  /** Turns the words given into a value; absent for switches. */
  parse?: (text: string, before?: never) => unknown
  /** True while nothing implements it: parsed and validated, then refused with one line; left out of --help. */
  unavailable?: true
}

export type OptionGroup = OptionSpec[]

export const OUTPUT: OptionGroup = [
  {
    flags: '--format <name>',
    help: 'standard output as text, json, ndjson, markdown or html (default: text)',
    parse: values.format,
  },
  {
    flags: '-o, --output <file>',
    help: 'write a report there as well, format by extension; repeatable',
    parse: values.files,
  },
  { flags: '-q, --quiet', help: 'nothing on standard output' },
  {
    flags: '--hosts <file>',
    help: 'names for addresses, in hosts-file format',
    parse: values.oneFile,
  },
  {
    flags: '--timezone <zone>',
    help: 'clock of the times in reports for people: Europe/Berlin or +02:00 (default: UTC)',
    parse: values.zone,
  },
  {
    flags: '--max-bytes <size>',
    help: 'size of a Markdown report (default: 60000, what ticket systems take)',
    parse: values.reportSize,
  },
]

export const CAPTURES: OptionGroup = [
  {
    flags: '--annotate <file>',
    help: 'the capture again as pcapng, with verdicts and evidence as packet comments',
    parse: values.oneFile,
  },
  {
    flags: '--extract <dir>',
    help: 'one small annotated capture per incident, with only its connections',
    parse: values.oneFile,
  },
  {
    flags: '--redact',
    help: 'aliases for addresses, MACs and names, no payload: in reports and in captures written',
  },
]

export const NARROW: OptionGroup = [
  {
    flags: '--host <address>',
    help: 'only connections of this address (sees inside tunnels); repeatable',
    parse: values.hosts,
  },
  { flags: '--port <n>', help: 'only connections of this port; repeatable', parse: values.ports },
  {
    flags: '--net <cidr>',
    help: 'only connections of this network, such as 10.0.0.0/8; repeatable',
    parse: values.nets,
  },
]

export const SHOW: OptionGroup = [
  { flags: '--cause <id,…>', help: 'show only these causes', parse: values.causes },
  { flags: '--origin <origin,…>', help: 'show only endpoint, middlebox or unknown', parse: values.origins },
  {
    flags: '--impact <impact,…>',
    help: 'show only request-lost, transfer-cut, connect-failed, ignored, none or unknown',
    parse: values.impacts,
  },
  {
    flags: '--min-confidence <p>',
    help: 'show only causes at least this sure, 0 to 1',
    parse: values.probability,
  },
  { flags: '--hide-benign', help: 'leave out resets that did no harm' },
  {
    flags: '--since <time>',
    help: 'from then on: 2026-11-22T14:03:07, 14:03:07 (UTC) or +90s from the start',
    parse: values.when,
  },
  { flags: '--until <time>', help: 'up to then', parse: values.when },
]

export const STORY: OptionGroup = [
  {
    flags: '--reset <id>',
    help: 'the full story of one reset, such as r3; repeatable',
    parse: values.resetIds,
  },
  {
    flags: '--at <time>',
    help: 'the full story of the resets around a moment ("my log line at 14:03:07")',
    parse: values.when,
  },
  { flags: '--all', help: 'every row and every story' },
]

export const RUN: OptionGroup = [
  {
    flags: '--fail-on <id,…>',
    help: 'exit 3 if such a cause is found; any = any that may have done harm',
    parse: values.failOn,
  },
  { flags: '--keep-going', help: 'analyse the good files when one of several is bad' },
  { flags: '--memory <size>', help: 'limit for what is remembered, such as 2G', parse: values.memory },
  {
    flags: '--jobs <n>',
    help: 'threads that look through large captures, 1 = none (default: one per core, at most 4; 1 on two cores)',
    parse: values.jobs,
  },
  { flags: '--no-progress', help: 'no progress bar' },
  { flags: '--no-color', help: 'no colours (also: NO_COLOR)' },
]

export const LIVE: OptionGroup = [
  { flags: '--filter <bpf>', help: 'capture only what matches', parse: values.oneFile },
  { flags: '--engine <name>', help: 'auto, tcpdump, dumpcap or cap (default: auto)', parse: values.engine },
  { flags: '--duration <time>', help: 'stop after that long', parse: values.span },
  {
    flags: '--settle <time>',
    help: 'how long to wait for what follows a reset (default: 3s)',
    parse: values.span,
  },
  {
    flags: '--evidence <dir>',
    help: 'keep a small capture of each reset there, with the packets before it',
    parse: values.oneFile,
  },
  {
    flags: '--evidence-limit <size>',
    help: 'bytes the evidence may take; the oldest leaves first (default: 1G)',
    parse: values.size,
  },
  { flags: '--snaplen <bytes>', help: 'bytes captured per packet', parse: values.whole },
  { flags: '--kernel', help: 'ask the kernel of this host why it resets (Linux, root)' },
  {
    flags: '--user <name>',
    help: 'who looks into the packets, when root starts it (default: nobody)',
    parse: values.oneFile,
  },
  {
    flags: '--metrics <addr:port>',
    help: 'serve Prometheus metrics, such as 127.0.0.1:9464',
    parse: values.addressPort,
  },
  { flags: '--list', help: 'list the interfaces' },
]

const EVERY = [...OUTPUT, ...CAPTURES, ...NARROW, ...SHOW, ...STORY, ...RUN, ...LIVE]
const VALUED = new Set(
  EVERY.filter(spec => spec.parse).flatMap(spec => spec.flags.replace(/ <.*/, '').split(', ')),
)

/** Whether this word (an option as typed) takes the next word as its value. */
export function takesValue(word: string): boolean {
  if (word.startsWith('--')) return VALUED.has(word)
  // -qo FILE: the last letter of a cluster may want a value; -oFILE has it attached.
  const first = word
    .slice(1)
    .split('')
    .findIndex(letter => VALUED.has(`-${letter}`))
  return first >= 0 && first === word.length - 2
}
