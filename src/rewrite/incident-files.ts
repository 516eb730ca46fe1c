/** The files of one extraction while they grow: in memory first, flushed when all of them together hold too much. */
import { join } from 'node:path'
import type { FrameRedactor } from '../redact/index.js'
import { INTERFACE, NAMES, SECRETS } from '../capture/pcapng-types.js'
import { writeSection } from './blocks.js'
import { harmless } from './comments.js'
import type { Extracted } from './extract.js'
import { type Replacement, replaceInFolder } from './files.js'
import { Output } from './output.js'
import type { Plan } from './plan.js'
import type { Block, Packet } from './read.js'
import { PROGRAM, writeFrame, writeOther, writePcapHeader } from './writer.js'

/** Unwritten bytes of all files. */
const MAX_HELD = 32 << 20
/** Of one file; frames that a verdict names are kept beyond it. */
const MAX_FILE = 64 << 20
/** Names and keys that every file of a section gets. */
const MAX_PREAMBLE = 8 << 20

interface Growing {
  out: Output
  /** Bytes flushed before those in `out`. */
  flushed: number
  file: Replacement | undefined
  frames: number
  omitted: number
  /** Section it is in, and how many of that section's preamble blocks it has. */
  section: number
  preamble: number
}

export class IncidentFiles {
  private readonly growing: (Growing | undefined)[] = []
  /** Blocks that stand before packets in the section being read; the first is its header, which differs from file to file. */
  private preamble: Buffer[] = []
  private preambleBytes = 0
  private section = 0
  private little = true
  private readonly scratch = new Output(1 << 16)

  constructor(
    private readonly folder: string,
    private readonly plan: Plan,
    private readonly redact: FrameRedactor | undefined,
  ) {}

  /** The next packets are those of a pcap file. */
  beginPcap(header: { linkType: number; snapLength: number; resolution: number }): void {
    this.beginSection(true)
    writePcapHeader(this.scratch, header)
    // The section header that comes with it is written per file.
    this.takePreamble(this.scratch.buffer.readUInt32LE(4))
  }

  beginSection(little: boolean): void {
    this.section++
    this.little = little
    this.preamble = []
    this.preambleBytes = 0
  }

  /** Interfaces are always kept, for packets count them; of the rest what helps to read packets. */
  keepBlock(block: Block): void {
    const helps = (block.type === NAMES || block.type === SECRETS) && !this.redact
    if (block.type !== INTERFACE && !(helps && this.preambleBytes + block.total <= MAX_PREAMBLE)) return
    writeOther(this.scratch, block, this.redact !== undefined)
    this.takePreamble(0)
  }

  private takePreamble(from: number): void {
    const { scratch } = this
    scratch.settle()
    const bytes = Buffer.from(scratch.buffer.subarray(from, scratch.length))
    scratch.clear()
    this.preamble.push(bytes)
    this.preambleBytes += bytes.length
  }

  hasRoom(incident: number): boolean {
    const growing = this.growing[incident]
    return !growing || growing.flushed + growing.out.length < MAX_FILE
  }

  omit(incident: number): void {
    this.of(incident).omitted++
  }

  add(incident: number, packet: Packet, comments: readonly Buffer[] | undefined): void {
    const growing = this.of(incident)
    const { out } = growing
    if (growing.section !== this.section) {
      growing.section = this.section
      growing.preamble = 0
      const { id, title } = this.plan.incidents[incident]
      writeSection(out, { comment: harmless(`rst-analyze ${id}: ${title}`), program: PROGRAM }, this.little)
    }
    while (growing.preamble < this.preamble.length) {
      const bytes = this.preamble[growing.preamble++]
      out.bytes(bytes, 0, bytes.length)
    }
    writeFrame(out, packet, comments, this.redact)
    // A packet may go to several files: nothing may wait for the input buffer.
    out.settle()
    growing.frames++
  }

  /** After a chunk of input. */
  async settle(): Promise<void> {
    const held = this.growing.reduce((sum, growing) => sum + (growing?.out.length ?? 0), 0)
    if (held > MAX_HELD) await this.flush()
  }

  /** Puts all files in place. */
  async commit(): Promise<Extracted[]> {
    await this.flush()
    const extracted: Extracted[] = []
    for (const [index, growing] of this.growing.entries()) {
      if (!growing?.file) continue
      await growing.file.commit()
      growing.file = undefined
      const { id, name } = this.plan.incidents[index]
      const { frames, omitted } = growing
      extracted.push({ incident: id, path: join(this.folder, name), frames, omitted })
    }
    return extracted
  }

  async abandon(): Promise<void> {
    for (const growing of this.growing) await growing?.file?.abandon()
  }

  private async flush(): Promise<void> {
    for (const [index, growing] of this.growing.entries()) {
      if (!growing || growing.out.length === 0) continue
      const { out } = growing
      growing.file ??= await replaceInFolder(this.folder, this.plan.incidents[index].name)
      await growing.file.append(out.buffer, out.length)
      growing.flushed += out.length
      // A buffer that has grown large is given back.
      growing.out = new Output(4096)
    }
  }

  private of(incident: number): Growing {
    return (this.growing[incident] ??= {
      out: new Output(4096),
      flushed: 0,
      file: undefined,
      frames: 0,
      omitted: 0,
      section: 0,
      preamble: 0,
    })
  }
}
