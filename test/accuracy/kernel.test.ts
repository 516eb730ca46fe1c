/** With `live --kernel` the sender's own kernel gives its reason: the lab recorded those reasons, so what they are worth can be measured. */
import { describe, expect, it } from 'vitest'
import { openCaptures } from '../../src/capture/index.js'
import { gatherCases } from '../../src/evidence/index.js'
import { buildWorld } from '../../src/flow/index.js'
import { judge } from '../../src/verdict/judge.js'
import { createDecoder } from '../../src/wire/decoder.js'
import { type Label, labelledCaptures } from './labels.js'

const NAMES = { client: 'c', server: 's', sender: 's', peer: 'c', senderRole: '', peerRole: '' }

/** An unread banner is unread data to the kernel, and to us still a probe: found by the fourth blind set, waits for its fix. */
const KNOWN = /fourth-banner-monitor.*TCP_ABORT_ON_CLOSE: health-check-probe became unread-data-close/

interface Judged {
  label: Label
  told: string
  without: string
  of: string
}

async function judged(): Promise<Judged[]> {
  const all: Judged[] = []
  for (const capture of labelledCaptures().filter(c => c.set === 'endpoint')) {
    for (const item of gatherCases(await buildWorld(await openCaptures([capture.path]), createDecoder))) {
      const frames = item.group.view.rsts.map(r => r.frame)
      const label = capture.labels.find(l => l.frames.some(f => frames.includes(f)))
      if (!label?.kernelReason) continue
      const without = judge(item, NAMES).cause.id
      item.facts.kernelReason = label.kernelReason
      const told = judge(item, NAMES).cause.id
      all.push({ label, without, told, of: `${capture.path} [${frames[0]}] ${label.kernelReason}` })
    }
  }
  return all
}

describe("the kernel's own reason", () => {
  it('mends verdicts and spoils none', async () => {
    const all = await judged()
    const right = (cause: string, l: Label) => [l.cause, ...l.acceptable].includes(cause as never)
    const spoilt = all.filter(j => right(j.without, j.label) && !right(j.told, j.label))
    // On the wire the two are alike; only the kernel knows whether something lay unread.
    const pair = all.filter(j => ['abortive-close', 'unread-data-close'].includes(j.label.cause))
    const exact = (of: 'told' | 'without') => pair.filter(j => j[of] === j.label.cause).length
    expect(all.length).toBeGreaterThan(1000)
    const lines = spoilt.map(j => `${j.of}: ${j.without} became ${j.told}`)
    expect(lines.filter(line => !KNOWN.test(line))).toEqual([])
    expect(exact('told')).toBeGreaterThan(exact('without'))
  }, 180_000)
})
