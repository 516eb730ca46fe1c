/**
 * `--extract`: one small capture per incident with the packets of its connections, annotated. Their order is that of the inputs, each of
 * which becomes a section of the file (rotated pieces follow each other anyway).
 *
 * As `tcpdump -w` and `tshark -w` do, a second run replaces what the first one wrote; but of a file that it did not write it keeps its hands off.
 */
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Analysis, Frame } from '../model.js'
import { Notes } from '../notes.js'
import { createFrameRedactor, redactAnalysis } from '../redact/index.js'
import { createDecoder } from '../wire/decoder.js'
import { Segment } from '../wire/segment.js'
import { FOUND_ICMP_ERROR, FOUND_TCP } from '../wire/walk.js'
import { type RewriteOptions, textsOf } from './annotate.js'
import type { FrameComments } from './comments.js'
import { identityOf, outputError } from './files.js'
import { IncidentFiles } from './incident-files.js'
import { frameKey, type Plan, planOf, type Share } from './plan.js'
import { type Packet, readBlocks, type Visitor } from './read.js'

/** What `extractIncidents` wrote for one incident. */
export interface Extracted {
  incident: string
  path: string
  frames: number
  /** Packets of its connections that were left out to keep the file small. */
  omitted: number
}

/** An ICMP error takes its time to come back. */
const ICMP_NS = 1e9
const ANALYZED = /^rst-analyze /

/**
 * Writes one pcapng file per incident into a folder, which is created when missing.
 * @param analysis of capture files, which are read again under their own paths
 * @returns in the order of the incidents; those without a single readable packet are left out
 * @throws CaptureError, an error named "OutputError" (then nothing was written), or the reason of `signal`
 */
export async function extractIncidents(
  analysis: Analysis,
  folder: string,
  options: RewriteOptions = {},
): Promise<Extracted[]> {
  const report = options.report ?? analysis.report
  const { aliases } = options
  const titled = aliases
    ? redactAnalysis({ ...analysis, report, stories: new Map() }, aliases).report
    : report
  const plan = planOf(analysis, report, titled)
  const inputs = analysis.report.captures.map(capture => capture.path)
  await mkdir(folder, { recursive: true }).catch(error => {
    throw outputError(
      folder,
      (error as NodeJS.ErrnoException).code === 'EEXIST' ? new Error('is no folder') : error,
    )
  })
  await checkNames(folder, plan, inputs)
  const files = new IncidentFiles(folder, plan, aliases && createFrameRedactor(aliases))
  try {
    const comments = textsOf(analysis, options)
    for (const capture of inOrder(analysis)) {
      const visitor = sorter(files, plan, capture, comments.get(capture) ?? new Map())
      const { signal, chunkBytes } = options
      await readBlocks(inputs[capture], visitor, { timebase: { ...analysis.timebase }, signal, chunkBytes })
    }
    return await files.commit()
  } catch (error) {
    await files.abandon()
    throw error
  }
}

/** Captures by their first packet. */
function inOrder({ report }: Analysis): number[] {
  const first = report.captures.map(capture => (capture.firstTime ? Date.parse(capture.firstTime) : 0))
  return first.map((_, index) => index).sort((a, b) => first[a] - first[b] || a - b)
}

/** Before anything is written. */
async function checkNames(folder: string, plan: Plan, inputs: string[]): Promise<void> {
  const identities = new Set(await Promise.all(inputs.map(identityOf)))
  for (const { name } of plan.incidents) {
    const path = join(folder, name)
    const identity = await identityOf(path)
    if (identity === undefined) continue
    if (identities.has(identity))
      throw outputError(path, new Error('it is an input, which is never overwritten'))
    if (!(await isOurs(path)))
      throw outputError(path, new Error('it exists and was not written by --extract (name another folder)'))
  }
}

/** Whether a file begins as ours do: with a section header whose first option is a comment of this program. */
async function isOurs(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined)
  if (!file) return false
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0)
    return (
      bytesRead > 40 && buffer.readUInt32LE(0) === 0x0a0d0d0a && ANALYZED.test(buffer.toString('latin1', 28))
    )
  } finally {
    await file.close()
  }
}

/** Hands each packet to the incidents that want it. */
function sorter(files: IncidentFiles, plan: Plan, capture: number, comments: FrameComments): Visitor {
  const decoder = createDecoder(new Notes())
  const segment = new Segment()
  const frame: Frame = {
    number: 0,
    capture,
    timeNs: Number.NaN,
    data: new Uint8Array(0),
    start: 0,
    end: 0,
    originalLength: 0,
    linkType: 0,
  }
  return {
    pcap: header => files.beginPcap(header),
    section: block => files.beginSection(block.little),
    block: block => files.keepBlock(block),
    large: () => {},
    settled: () => files.settle(),
    packet(packet) {
      const { number, timeNs, data, start, end, originalLength, linkType } = packet
      Object.assign(frame, { number, timeNs, data, start, end, originalLength, linkType })
      const found = decoder.decode(frame, segment)
      if (found !== FOUND_TCP && found !== FOUND_ICMP_ERROR) return
      const shares = plan.sharesOf(segment)
      if (!shares) return
      const named = plan.named.has(frameKey(capture, number))
      for (const share of shares) offer(files, packet, share, found === FOUND_ICMP_ERROR, named, comments)
    },
  }
}

function offer(
  files: IncidentFiles,
  packet: Packet,
  share: Share,
  isError: boolean,
  named: boolean,
  comments: FrameComments,
): void {
  const { timeNs, number } = packet
  if (timeNs < share.fromNs || timeNs > share.toNs + (isError ? ICMP_NS : 0)) return
  const inBounds = timeNs >= share.tailNs || share.headLeft-- > 0
  if (named || (inBounds && files.hasRoom(share.incident)))
    files.add(share.incident, packet, comments.get(number))
  else files.omit(share.incident)
}
