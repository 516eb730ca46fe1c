/** The packets to draw for each reset, marked with the reset they belong to. */
import type { Case } from '../evidence/index.js'
import type { Reset, Stories, StoryPacket } from '../model.js'

/** A story longer than this is no story: the beginning and the end are kept. */
const STORY_PACKETS = 160

/** Drawn when asked for. */
export function storiesOf(cases: Pick<Case, 'id' | 'group'>[], resets: Reset[]): Stories {
  const verdicts = new Map(resets.map(r => [r.id, r]))
  const segments = new Map(cases.map(({ id, group }) => [id, group.view.connection.segments]))
  const owner = new Map<string, Reset>()
  for (const { id, group } of cases) {
    for (const rst of group.view.rsts) owner.set(keyOf(rst), verdicts.get(id)!)
  }
  return {
    get(id) {
      const own = segments.get(id)
      return own && storyOf(own, owner)
    },
    *[Symbol.iterator]() {
      for (const [id, own] of segments) yield [id, storyOf(own, owner)]
    },
  }
}

/** @param owner the reset of each RST, by `keyOf` */
export function storyOf(
  segments: Case['group']['view']['connection']['segments'],
  owner: ReadonlyMap<string, Pick<Reset, 'id' | 'origin'>>,
): StoryPacket[] {
  const packets = segments.map(segment => {
    const reset = segment.flags & 4 ? owner.get(keyOf(segment)) : undefined
    return { ...segment, reset: reset?.id ?? null, forged: reset?.origin === 'middlebox' }
  })
  if (packets.length <= STORY_PACKETS) return packets
  const head = packets.slice(0, STORY_PACKETS / 4)
  const tail = packets.slice(-(STORY_PACKETS * 3) / 4)
  const skipped = packets.slice(head.length, packets.length - tail.length)
  const omitted = skipped.reduce((sum, p) => sum + 1 + p.omittedBefore, 0)
  return [...head, { ...tail[0], omittedBefore: tail[0].omittedBefore + omitted }, ...tail.slice(1)]
}

/** A frame's key among all captures. */
export function keyOf({ capture, frame }: { capture: number; frame: number }): string {
  return `${capture} ${frame}`
}
