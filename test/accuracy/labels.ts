/** Labelled captures: what the lab recorded, and what experts ruled on public captures. */
import fs from 'node:fs'
import path from 'node:path'
import type { CauseId, Impact, Origin, Side } from '../../src/model.js'

export interface Label {
  client: string
  server: string
  sender: Side
  frames: number[]
  origin: Origin
  originAcceptable: Origin[]
  cause: CauseId
  acceptable: CauseId[]
  impact: Impact | undefined
  impactAcceptable: Impact[]
  /** What the sender's kernel gave as its reason; null where it was not asked or did not say. */
  kernelReason: string | null
}

/**
 * fit: rules were written with it. held-out: kept apart when rules were written, though what was then looked at because it was wrong
 * moved to fit. blind: made after the rules, by the contract alone, and never studied. blind2: the same, later and other servers, before
 * anybody had studied it. blind3, blind4: once more each, after the rules had been bettered by the set before.
 */
export type Split = 'fit' | 'held-out' | 'blind' | 'blind2' | 'blind3' | 'blind4'

export interface LabelledCapture {
  /** Path from the repository's root. */
  path: string
  scenario: string
  set: 'endpoint' | 'middlebox' | 'public'
  split: Split
  labels: Label[]
}

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures')

/** Every labelled capture under fixtures/, ordered by path. */
export function labelledCaptures(): LabelledCapture[] {
  return [...labSet('endpoint'), ...labSet('middlebox'), ...publicSet()]
}

function labSet(set: 'endpoint' | 'middlebox'): LabelledCapture[] {
  const root = path.join(FIXTURES, 'lab', set)
  if (!fs.existsSync(root)) return []
  return fs
    .readdirSync(root)
    .sort()
    .filter(name => fs.existsSync(path.join(root, name, 'labels.json')))
    .flatMap(name => {
      const { scenario, split, captures } = JSON.parse(
        fs.readFileSync(path.join(root, name, 'labels.json'), 'utf8'),
      )
      return captures.map((c: { file: string; resets: (Label & { impact?: Impact })[] }) => ({
        path: path.join(root, name, c.file),
        scenario,
        set,
        split,
        labels: c.resets.map(r => ({
          ...r,
          acceptable: r.acceptable ?? [],
          originAcceptable: r.originAcceptable ?? [],
          impactAcceptable: r.impactAcceptable ?? [],
          kernelReason: r.kernelReason ?? null,
        })),
      }))
    })
}

interface Ruling {
  file: string
  client: string
  server: string
  sender: Side
  rst_frames: number[]
  origin: Origin
  origin_acceptable: Origin[]
  cause: CauseId
  acceptable: CauseId[]
}

function publicSet(): LabelledCapture[] {
  const root = path.join(FIXTURES, 'public')
  const rulings: Ruling[] = JSON.parse(fs.readFileSync(path.join(root, 'rulings.json'), 'utf8'))
  const files = [...new Set(rulings.map(r => r.file))].sort()
  return files.map(file => ({
    path: path.join(root, file),
    scenario: file,
    set: 'public',
    split: 'fit',
    labels: rulings
      .filter(r => r.file === file)
      .map(r => ({
        client: r.client,
        server: r.server,
        sender: r.sender,
        frames: r.rst_frames,
        origin: r.origin,
        originAcceptable: r.origin_acceptable,
        cause: r.cause,
        acceptable: r.acceptable,
        impact: undefined,
        impactAcceptable: [],
        kernelReason: null,
      })),
  }))
}
