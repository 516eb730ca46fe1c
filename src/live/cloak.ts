/**
 * `--redact` while a capture runs: each verdict loses addresses, names and payload before anything is shown or written. A host keeps its alias
 * for the whole run; only after very many hosts are the oldest aliases forgotten, and never given to another.
 */
import type { Analysis, Report, Reset, StoryPacket, Timebase } from '../model.js'
import { Aliases, createFrameRedactor, type FrameRedactor, redactAnalysis } from '../redact/index.js'
import type { Told } from './judge.js'

/** A verdict as it may be shown. */
export interface Shown {
  reset: Reset
  story: StoryPacket[]
  /** Of this one reset. */
  report: Report
}

/** Hosts, cards and names remembered; each takes some 200 bytes. */
const MOST_ALIASES = 50_000

export class Cloak {
  /** For the packets kept as evidence. */
  readonly frames: FrameRedactor
  private readonly aliases = new Aliases()

  constructor() {
    this.frames = createFrameRedactor(this.aliases)
  }

  /** @param report of this one reset */
  verdict({ reset, story }: Told, report: Report, timebase: Timebase): Shown {
    if (this.aliases.size > MOST_ALIASES) this.aliases.forget()
    this.introduce(report)
    const stories = new Map([[reset.id, story]])
    const hidden = redactAnalysis({ report, stories, health: NONE, timebase, names: new Map() }, this.aliases)
    return {
      reset: hidden.report.resets[0],
      story: hidden.stories.get(reset.id) ?? [],
      report: hidden.report,
    }
  }

  /** The report at the end. */
  analysis(analysis: Analysis): Analysis {
    this.introduce(analysis.report)
    return { ...redactAnalysis(analysis, this.aliases), names: this.aliases.roles() }
  }

  /** Servers and clients are numbered as such. */
  private introduce({ resets, listeners }: Report): void {
    for (const { connection } of resets) {
      this.aliases.address(connection.server.address, 'server')
      this.aliases.address(connection.client.address, 'client')
    }
    for (const { address } of listeners) this.aliases.address(address, 'server')
  }
}

/** Nothing of a single verdict looks at the health of the capture. */
const NONE = {} as Analysis['health']
