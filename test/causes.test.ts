/** The registry of causes: complete, documented, and each backed by captures. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { CAUSES } from '../src/causes/index.js'
import { CAUSE_IDS } from '../src/model.js'
import { labelledCaptures } from './accuracy/labels.js'

const DIR = path.resolve(import.meta.dirname, '../src/causes')
const NOT_CAUSES = new Set(['index', 'define', 'kernel', 'thresholds'])

describe('the registry', () => {
  it('holds every cause of the contract, one file each', () => {
    expect([...CAUSES.keys()]).toEqual([...CAUSE_IDS])
    const files = fs
      .readdirSync(DIR)
      .map(f => path.basename(f, '.ts'))
      .filter(f => !NOT_CAUSES.has(f))
    expect(files.sort()).toEqual([...CAUSE_IDS].sort())
  })

  for (const [id, cause] of CAUSES) {
    it(`${id} says what it means, what to do and what it is mistaken for`, () => {
      expect(cause.id).toBe(id)
      expect(cause.means.length).toBeGreaterThan(30)
      expect(cause.remedies.length).toBeGreaterThan(0)
      expect(cause.nextChecks.length).toBeGreaterThan(0)
      expect(cause.requires.length).toBeGreaterThan(0)
      if (id !== 'unknown') {
        expect(Object.keys(cause.mistakenFor).length).toBeGreaterThan(0)
        expect(cause.cites.length).toBeGreaterThan(0)
      }
      for (const near of Object.keys(cause.mistakenFor)) expect(CAUSE_IDS).toContain(near)
    })
  }

  it('repeats no sentence within a cause', () => {
    for (const { id, requires, signs } of CAUSES.values()) {
      const said = [...requires, ...signs].map(s => `${'weight' in s ? s.weight : 'must'} ${s.statement}`)
      expect(new Set(said).size, id).toBe(said.length)
    }
  })
})

describe('labelled captures', () => {
  const labels = labelledCaptures().flatMap(c => c.labels.map(l => ({ ...l, split: c.split })))
  for (const id of CAUSE_IDS) {
    it(`show ${id}, for fitting and kept out of it`, () => {
      const own = labels.filter(l => l.cause === id)
      expect(own.some(l => l.split === 'fit')).toBe(true)
      expect(own.some(l => l.split === 'held-out')).toBe(true)
    })
  }
})
