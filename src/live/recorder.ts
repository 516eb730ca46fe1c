/** The flight recorder: per reset a small pcapng with its connection's packets, also those before the RST, and the verdict as a comment. */
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { CaptureError, printable } from '../capture/error.js'
import type { Report, Reset, Timebase } from '../model.js'
import { type PacketFields, writeInterface, writePacket, writeSection } from '../rewrite/blocks.js'
import { commentsOf } from '../rewrite/comments.js'
import { Output } from '../rewrite/output.js'
import { visible } from '../report/escape.js'
import { PROGRAM } from '../rewrite/writer.js'
import type { FrameRedactor } from '../redact/index.js'
import type { HeldPacket, PacketRing } from './ring.js'

/** Names of evidence files: nothing else in the folder is ever touched. */
const NAME = /^\d{8}T\d{6}\.\d{3}Z-r\d+-[a-z-]+-.*\.pcapng$/
/** What waits to be written, when the disk is slow. */
const MAX_WAITING = 256
const NANOSECONDS = 9

export class Recorder {
  /** Files that were not written: the disk was full, or too slow. */
  lost = 0
  private readonly files: { name: string; bytes: number }[]
  private total: number
  private waiting = 0
  private queue: Promise<void> = Promise.resolve()

  /**
   * @param limitBytes bound of all evidence files in the folder, those of earlier runs included
   * @param onTrouble told once when a file cannot be written
   * @throws CaptureError when the folder cannot be written to
   */
  constructor(
    private readonly folder: string,
    private readonly limitBytes: number,
    private readonly ring: PacketRing,
    private readonly onTrouble: (line: string) => void,
    /** What messages call the folder. */
    private readonly name = folder,
    /** Makes packets unrecognisable before they are written. */
    private readonly redactor?: FrameRedactor,
  ) {
    this.files = prepare(folder, name)
    this.total = this.files.reduce((sum, file) => sum + file.bytes, 0)
  }

  /** Writes one reset's file, some time soon. */
  record(reset: Reset, report: Report, timebase: Timebase): void {
    const packets = this.ring.connectionOf(reset.frames.at(-1)!)
    if (packets.length === 0 || this.waiting >= MAX_WAITING) {
      this.lost++
      return
    }
    const bytes = evidenceFile(this.redactor ? hidden(packets, this.redactor) : packets, report, timebase)
    this.waiting++
    this.queue = this.queue.then(() => this.write(fileName(reset), bytes)).finally(() => this.waiting--)
  }

  /** Resolves when all files are written. */
  async finished(): Promise<void> {
    await this.queue
  }

  private async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.makeRoom(bytes.length)
    const hidden = join(this.folder, `.${name}.tmp`)
    try {
      await writeFile(hidden, bytes, { flag: 'wx' })
      await rename(hidden, join(this.folder, name))
      this.files.push({ name, bytes: bytes.length })
      this.total += bytes.length
    } catch (error) {
      await rm(hidden, { force: true }).catch(() => {})
      if (this.lost++ === 0) {
        this.onTrouble(
          `evidence cannot be written to ${printable(this.name)}: ${(error as Error).message}; going on without`,
        )
      }
    }
  }

  private async makeRoom(bytes: number): Promise<void> {
    while (this.files.length > 0 && this.total + bytes > this.limitBytes) {
      const oldest = this.files.shift()!
      this.total -= oldest.bytes
      await rm(join(this.folder, oldest.name), { force: true }).catch(() => {})
    }
  }
}

/** Evidence of earlier runs, oldest first. */
function prepare(folder: string, name: string): { name: string; bytes: number }[] {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return readdirSync(folder)
      .filter(name => NAME.test(name))
      .sort()
      .map(name => ({ name, bytes: statSync(join(folder, name)).size }))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const who = userInfo().username
    if (code === 'EACCES' || code === 'EPERM')
      throw new CaptureError(
        `--evidence ${printable(name)}: cannot be written by ${who}: give it to ${who}, or name another --user`,
      )
    throw new CaptureError(`--evidence ${printable(name)}: cannot be written: ${message}`)
  }
}

/** Sorts by time: `20261122T140307.123Z-r12-idle-timeout-10.0.0.5_41234-10.0.1.9_443.pcapng`. */
function fileName({ time, id, cause, connection }: Reset): string {
  const [day, clock] = time.replace(/[-:Z]/g, '').split('T')
  const [seconds, fraction = ''] = clock.split('.')
  const end = ({ address, port }: { address: string; port: number }) =>
    `${address.replaceAll(':', '-')}_${port}`
  const moment = `${day}T${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}Z`
  return `${moment}-${id}-${cause}-${end(connection.client)}-${end(connection.server)}.pcapng`
}

function hidden(packets: HeldPacket[], redactor: FrameRedactor): HeldPacket[] {
  return packets.map(packet => {
    const { data, originalLength, linkType } = packet
    const bytes = redactor({ data, start: 0, end: data.length, originalLength, linkType })
    return { ...packet, data: Buffer.from(bytes.subarray(0, data.length)) }
  })
}

function evidenceFile(packets: HeldPacket[], report: Report, timebase: Timebase): Uint8Array {
  const out = new Output(1 << 16)
  const [reset] = report.resets
  writeSection(out, { program: PROGRAM, comment: visible(`${reset.id}: ${reset.summary}`) }, true)
  const linkTypes = [...new Set(packets.map(p => p.linkType))]
  for (const linkType of linkTypes)
    writeInterface(out, { linkType, snapLength: 0, resolution: NANOSECONDS }, true)
  const comments = commentsOf(report).get(0)
  for (const packet of packets) {
    const fields = fieldsOf(packet, linkTypes.indexOf(packet.linkType), timebase)
    writePacket(out, fields, comments?.get(packet.frame) ?? [], true)
  }
  return out.buffer.subarray(0, out.length)
}

function fieldsOf(packet: HeldPacket, index: number, timebase: Timebase): PacketFields {
  const { data, originalLength, timeNs } = packet
  const ns = BigInt(timebase.seconds) * 1_000_000_000n + BigInt(timeNs)
  return {
    interface: index,
    timeHigh: Number(ns >> 32n),
    timeLow: Number(ns & 0xffffffffn),
    originalLength,
    data,
    start: 0,
    end: data.length,
    optionData: data,
    optionsAt: 0,
    optionsEnd: 0,
    drops: -1,
    flags: 0,
  }
}
