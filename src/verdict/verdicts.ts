/** The verdicts on all resets of a capture: what they are counted by at once, their words and stories when asked for. */
import { CAUSES } from '../causes/index.js'
import { Docket, idOf, ProofStore } from '../evidence/index.js'
import { droppedDuring } from '../evidence/innocence.js'
import { judgeImpact } from './impact.js'
import type { About } from '../incidents/words.js'
import { decide, round, summaryOf, type Weighed, weigh } from './judge.js'
import { LateReset, type Whole } from './late-reset.js'
import type { CaptureInfo, ConnectionFace, Reset, Stories, StoryPacket, World } from '../model.js'
import { keyOf, storyOf } from './stories.js'
import type { Telling } from './telling.js'
import { formatTime } from '../time.js'
import { confidenceIn, consequenceOf, namesOf, precision, summarise, tell } from './verdict.js'

/** Resets that stay whole: a writer reads field after field of one, a table those of its rows. */
const KEPT = 32

export class Verdicts implements Whole, Stories {
  /** In order of time. */
  readonly resets: LateReset[]
  /** Resets made whole so far, the same one several times. */
  made = 0
  private readonly docket: Docket
  private readonly digits: number[]
  private readonly recent: { row: number; reset: Reset }[] = []

  /** What was weighed of each, where all will be told. */
  private readonly weighed: Weighed[] | undefined

  /** @param tellAll the report tells every reset: what that needs is kept (400 bytes each) instead of made again */
  constructor(
    private readonly world: World,
    private readonly captures: CaptureInfo[],
    tellAll = false,
  ) {
    this.docket = new Docket(world, tellAll ? new ProofStore() : undefined)
    this.weighed = tellAll ? [] : undefined
    this.digits = captures.map(precision)
    this.resets = Array.from({ length: this.docket.size }, (_, row) => this.brief(row))
  }

  /** For the incidents of these resets: only until `close`. */
  about(): About {
    const { docket, world } = this
    const seconds = world.timebase.seconds || 0
    const row = (reset: Reset) => LateReset.row(reset as LateReset)
    const ends: About['ends'] = reset => {
      const { client, clientPort, server, port } = docket.mark(row(reset))
      return { client: { address: client, port: clientPort }, server: { address: server, port } }
    }
    return {
      ends,
      timeMs: reset => {
        const timeNs = docket.timeNs(row(reset))
        const whole = Math.floor(timeNs / 1e9)
        return (seconds + whole) * 1000 + ((timeNs - whole * 1e9) / 1e9) * 1000
      },
      fact: (reset, name) => docket.fact(row(reset), name),
      summary: reset => {
        const names = namesOf(ends(reset), reset.sender)
        return summaryOf(CAUSES.get(reset.cause)!, docket.facts(row(reset)), names)
      },
    }
  }

  /** Lets go of what only the judging of all resets needs. */
  close(): void {
    this.docket.close()
  }

  whole(row: number): Reset {
    const known = this.known(row)
    if (known) return known
    this.made++
    const reset = tell(this.telling(row), this.world.timebase, this.captures, this.weighed?.[row])
    this.recent[row % KEPT] = { row, reset }
    return reset
  }

  private known(row: number): Reset | undefined {
    const recent = this.recent[row % KEPT]
    return recent?.row === row ? recent.reset : undefined
  }

  time(row: number): string {
    const known = this.known(row)
    if (known) return known.time
    const { capture } = this.docket.outline(row)
    return formatTime(this.world.timebase, this.docket.timeNs(row), this.digits[capture] ?? 6)
  }

  connection(row: number): Reset['connection'] {
    // Whoever reads all of a reset has had it made by now: made once more this was a tenth of a JSON report.
    return this.known(row)?.connection ?? summarise(this.face(row), this.docket.timeNs(row))
  }

  /** The packets to draw for a reset. */
  get(id: string): StoryPacket[] | undefined {
    const row = rowOf(id)
    if (this.resets[row]?.id !== id) return undefined
    const owner = new Map<string, Reset>()
    for (const { number, group } of this.docket.relatives(row)) {
      for (const rst of group.view.rsts) owner.set(keyOf(rst), this.resets[number])
    }
    return storyOf(this.world.connections.get(this.docket.connection(row))!.segments, owner)
  }

  *[Symbol.iterator](): Iterator<[string, StoryPacket[]]> {
    for (const { id } of this.resets) yield [id, this.get(id)!]
  }

  private telling(row: number): Telling {
    const { docket } = this
    const facts = docket.facts(row)
    const { capture, originConfidence } = docket.outline(row)
    const connection = this.face(row)
    return {
      id: idOf(row),
      facts,
      proof: docket.proof(row),
      connection,
      capture,
      timeNs: docket.timeNs(row),
      origin: facts.origin,
      originConfidence,
      clockStepped: this.world.clockStepped,
      dropped: droppedDuring({ world: this.world, connection }),
    }
  }

  private face(row: number): ConnectionFace {
    const { connections } = this.world
    const id = this.docket.connection(row)
    return connections.face?.(id) ?? connections.get(id)!
  }

  private keep(weighed: Weighed): Weighed {
    this.weighed!.push(weighed)
    return weighed
  }

  private brief(row: number): LateReset {
    const facts = this.docket.facts(row)
    const { capture, originConfidence, scattered } = this.docket.outline(row)
    const { best, confidence } = this.weighed ? this.keep(weigh(facts)) : decide(facts)
    const brief = {
      id: idOf(row),
      capture,
      sender: facts.sender,
      origin: facts.origin,
      originConfidence: round(originConfidence),
      impact: judgeImpact(facts, best.id),
      cause: best.id,
      confidence: confidenceIn(this.world, confidence),
      consequenceOf: consequenceOf(facts, best.id),
      incident: null,
    }
    return new LateReset(this, row, brief, scattered)
  }
}

function rowOf(id: string): number {
  return Number(id.slice(1)) - 1
}
