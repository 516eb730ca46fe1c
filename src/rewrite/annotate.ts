/** `--annotate`: the input again, frame for frame, with the verdicts as packet comments. */
import type { Analysis, Report } from '../model.js'
import { type Aliases, createFrameRedactor, redactAnalysis } from '../redact/index.js'
import { writeSection } from './blocks.js'
import { commentsOf, type FrameComments } from './comments.js'
import { replaceFile } from './files.js'
import { Output } from './output.js'
import { readBlocks, type Visitor } from './read.js'
import { PROGRAM, writeFrame, writeLarge, writeOther, writePcapHeader, writeSectionCopy } from './writer.js'

export interface RewriteOptions {
  /** The part of the analysis' report that is shown; default: all of it. */
  report?: Report
  /** Redacts what is written; the same aliases as those of the report. */
  aliases?: Aliases
  signal?: AbortSignal
  /** Bytes read at once. */
  chunkBytes?: number
}

/** What `annotateCapture` wrote. */
export interface Annotated {
  path: string
  /** Frames with comments of ours. */
  commented: number
  /** False when the input could not be read to its end: the output ends there too. */
  complete: boolean
}

/**
 * Writes the analysed capture again as pcapng, with a comment on every frame that a verdict names.
 * @param analysis of one capture file, which is read again under its own path
 * @param output replaced when the new file is whole; a pipe or device is written into
 * @throws CaptureError, an error named "OutputError", or the reason of `signal`
 */
export async function annotateCapture(
  analysis: Analysis,
  output: string,
  options: RewriteOptions = {},
): Promise<Annotated> {
  const { captures } = analysis.report
  if (captures.length !== 1) throw new RangeError('an annotated capture is made of exactly one capture')
  const input = captures[0].path
  const comments = textsOf(analysis, options).get(0) ?? new Map<number, Buffer[]>()
  const file = await replaceFile(output, [input])
  try {
    const out = new Output()
    const settled = async (): Promise<void> => {
      out.settle()
      await file.append(out.buffer, out.length)
      out.clear()
    }
    const visitor = annotator(out, comments, options, settled)
    const { signal, chunkBytes } = options
    const complete = await readBlocks(input, visitor, {
      timebase: { ...analysis.timebase },
      signal,
      chunkBytes,
    })
    await file.commit()
    return { path: output, commented: comments.size, complete }
  } catch (error) {
    await file.abandon()
    throw error
  }
}

/** The comments, in the words of the redacted report where that is asked for. */
export function textsOf(analysis: Analysis, { report, aliases }: RewriteOptions): Map<number, FrameComments> {
  const shown = report ?? analysis.report
  if (!aliases) return commentsOf(shown)
  return commentsOf(redactAnalysis({ ...analysis, report: shown, stories: new Map() }, aliases).report)
}

function annotator(
  out: Output,
  comments: FrameComments,
  { aliases }: RewriteOptions,
  settled: () => Promise<void>,
): Visitor {
  const redact = aliases && createFrameRedactor(aliases)
  const redacted = redact !== undefined
  return {
    pcap: header => writePcapHeader(out, header),
    section: block => {
      if (redacted) writeSection(out, { program: PROGRAM }, block.little)
      else writeSectionCopy(out, block)
    },
    packet: packet => writeFrame(out, packet, comments.get(packet.number), redact),
    block: block => writeOther(out, block, redacted),
    large: piece => writeLarge(out, piece, redacted),
    settled,
  }
}
