/** The labelled captures as a specification: every RST frame in exactly one reset, the right causes, and no false accusation. */
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '../../src/model.js'
import { analysisOf } from '../analyses.js'
import { describeWith, tsharkFrames } from '../oracle.js'
import { type LabelledCapture, labelledCaptures } from './labels.js'
import { calibrationError, type Outcome, scoreCaptures } from './score.js'

const rstFramesOf = (report: Report) => report.resets.flatMap(r => r.frames).sort((a, b) => a - b)

describe('labelled captures', () => {
  const captures = labelledCaptures()
  const lab = captures.filter(c => c.set !== 'public')
  let outcomes: Outcome[]
  const of = (split: LabelledCapture['split']) => outcomes.filter(o => o.capture.split === split)
  const share = (rows: Outcome[], right: (o: Outcome) => boolean | undefined) =>
    rows.filter(right).length / rows.length

  beforeAll(async () => {
    outcomes = await scoreCaptures(captures)
  }, 180_000)

  it('never accuse a device of what an endpoint did', () => {
    const accused = outcomes.filter(o => o.falseAccusation)
    expect(accused.map(o => `${o.capture.path} ${o.reset?.id} ${o.reset?.cause}`)).toEqual([])
  })

  it('are judged right nearly always, also where no rule was written with them', () => {
    for (const split of ['fit', 'held-out'] as const) {
      expect(
        share(of(split), o => o.causeRight),
        `${split}: cause`,
      ).toBeGreaterThan(0.93)
      expect(
        share(of(split), o => o.originRight),
        `${split}: origin`,
      ).toBeGreaterThan(0.97)
    }
    // Not a floor to tune against: lower, as what was never studied may be wrong.
    for (const split of ['blind', 'blind2', 'blind3', 'blind4'] as const) {
      expect(
        share(of(split), o => o.causeRight),
        `${split}: cause`,
      ).toBeGreaterThan(0.9)
      expect(
        share(of(split), o => o.originRight),
        `${split}: origin`,
      ).toBeGreaterThan(0.97)
    }
    expect(
      share(
        outcomes.filter(o => o.capture.set === 'public'),
        o => o.causeRight,
      ),
    ).toBeGreaterThan(0.9)
  })

  it('bear confidences that mean something', () => {
    expect(calibrationError(of('held-out'))).toBeLessThan(0.08)
  })

  it('give every RST frame to exactly one reset', async () => {
    for (const capture of lab) {
      const { report } = await analysisOf(capture.path)
      const labelled = capture.labels.flatMap(l => l.frames).sort((a, b) => a - b)
      expect(rstFramesOf(report), capture.path).toEqual(labelled)
      expect(report.totals.rstFrames).toBe(labelled.length)
    }
  }, 180_000)
})

const PUBLIC = path.resolve(import.meta.dirname, '../../fixtures/public')
const readable = fs
  .readdirSync(PUBLIC)
  .filter(f => /\.pcap(ng)?$/.test(f) && f !== 'pcapng-invalid-vers-1.pcapng')

describeWith(['tshark'], 'tshark as oracle of RST frames', () => {
  for (const file of readable) {
    it(file, async () => {
      const { report } = await analysisOf(path.join(PUBLIC, file))
      expect(rstFramesOf(report)).toEqual(
        tsharkFrames(path.join(PUBLIC, file), 'tcp.flags.reset == 1 && !icmp && !icmpv6'),
      )
    })
  }
})
