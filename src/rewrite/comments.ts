/** What is written on frames: the verdict on each RST, and what each frame of evidence shows. `frame.comment contains "r3"` finds a reset. */
import type { EvidenceLine, Report, Reset } from '../model.js'
import { visible } from '../report/escape.js'
import { sure } from '../units.js'

/** Frame number → its comments. */
export type FrameComments = Map<number, Buffer[]>

/** A frame may be evidence for hundreds of resets; who opens it wants to read it. */
const MAX_COMMENTS = 16
/** Characters; a comment has room for 65,535 bytes. */
const MAX_LENGTH = 2000

/**
 * Comments for every frame that the resets of a report name.
 * @param report what is shown, with texts as they are to be written
 * @returns by index of the capture
 */
export function commentsOf(report: Report): Map<number, FrameComments> {
  const texts = new Map<number, Map<number, string[]>>()
  const add = (capture: number, frame: number, text: string): void => {
    let frames = texts.get(capture)
    if (!frames) texts.set(capture, (frames = new Map()))
    const list = frames.get(frame)
    if (!list) frames.set(frame, [text])
    else if (!list.includes(text)) list.push(text)
  }
  for (const reset of report.resets) {
    const verdict = verdictComment(reset)
    for (const frame of reset.frames) add(reset.capture, frame, verdict)
    for (const { capture, frames } of reset.moreFrames ?? [])
      for (const frame of frames) add(capture, frame, verdict)
  }
  // Behind all verdicts, so that a bound never costs one.
  for (const reset of report.resets)
    for (const line of reset.evidence)
      for (const frame of line.frames) add(line.capture ?? reset.capture, frame, evidenceComment(reset, line))
  return new Map([...texts].map(([capture, frames]) => [capture, encoded(frames)]))
}

function encoded(frames: Map<number, string[]>): FrameComments {
  return new Map([...frames].map(([frame, list]) => [frame, bounded(list).map(text => Buffer.from(text))]))
}

function bounded(list: string[]): string[] {
  const texts = list.map(harmless)
  if (texts.length <= MAX_COMMENTS) return texts
  const more = `rst-analyze: ${texts.length - MAX_COMMENTS + 1} more comments of this kind are left out`
  return [...texts.slice(0, MAX_COMMENTS - 1), more]
}

/** Valid UTF-8 without anything that acts on a terminal, of bounded length. */
export function harmless(text: string): string {
  const characters = [...visible(text)]
  return characters.length <= MAX_LENGTH
    ? characters.join('')
    : `${characters.slice(0, MAX_LENGTH - 1).join('')}…`
}

/** `rst-analyze r3: idle-timeout 86 %, sent by the server itself 97 %: …` */
function verdictComment(reset: Reset): string {
  return `rst-analyze ${reset.id}: ${reset.cause} ${sure(reset.confidence)}, ${originWords(reset)}: ${reset.summary}`
}

function originWords({ origin, originConfidence, sender }: Reset): string {
  if (origin === 'endpoint') return `sent by the ${sender} itself ${sure(originConfidence)}`
  if (origin === 'unknown') return `in the name of the ${sender}, who sent it cannot be told`
  return `made by a device on the path in the name of the ${sender} ${sure(originConfidence)}`
}

function evidenceComment({ id }: Reset, { statement, supports }: EvidenceLine): string {
  return `rst-analyze ${id}: evidence${supports ? '' : ' against'}: ${statement}`
}
