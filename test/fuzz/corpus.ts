/** What the mutator starts from: every capture under fixtures/, the hand-written cases as captures, the decoder's catalog of link types and tunnels. */
import fs from 'node:fs'
import path from 'node:path'
import { casePaths, loadCase } from '../cases/load.js'
import { pcapOf } from '../cases/pcap.js'
import { everyLayer } from '../wire/catalog.js'
import { pcapBytes } from '../wire/judge.js'

export interface Specimen {
  name: string
  bytes: Uint8Array
}

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures')

/** Longer ones are cut here: what is wrong with the end of a long capture is wrong with that of a short one. */
const LONGEST = 24_000

let loaded: Specimen[] | undefined

/** Ordered by name. */
export function corpus(): Specimen[] {
  loaded ??= [...captureFiles(), ...cases(), ...catalog()]
  return loaded
}

/** Paths of the capture files under fixtures/, relative to it. */
export function fixturePaths(): string[] {
  return fs
    .readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(pcap|pcapng|cap)(\.gz)?$/.test(name))
    .sort()
}

export function fixtureFile(name: string): string {
  return path.join(FIXTURES, name)
}

function captureFiles(): Specimen[] {
  return fixturePaths().map(name => {
    const bytes = new Uint8Array(fs.readFileSync(fixtureFile(name)))
    return { name, bytes: bytes.length > LONGEST ? bytes.slice(0, LONGEST) : bytes }
  })
}

function cases(): Specimen[] {
  return casePaths().flatMap(name => {
    try {
      return [{ name: `cases/${name}`, bytes: pcapOf(loadCase(name)) }]
    } catch {
      // A case that does not read is the business of its own test.
      return []
    }
  })
}

/** Eight frames of one link type per capture. */
function catalog(): Specimen[] {
  const links = [...new Set(everyLayer.map(frame => frame.linkType))].sort((a, b) => a - b)
  return links.flatMap(link => {
    const frames = everyLayer.filter(frame => frame.linkType === link)
    return Array.from({ length: Math.ceil(frames.length / 8) }, (_, i) => ({
      name: `catalog/${link}/${i}`,
      bytes: new Uint8Array(pcapBytes(link, frames.slice(i * 8, i * 8 + 8))),
    }))
  })
}
