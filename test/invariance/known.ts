/** Retellings that do change a verdict, each with why. Kept short: what stands here is understood and waits for its fix. */
interface Known {
  retelling: RegExp
  difference: RegExp
  why: string
}

const KNOWN: Known[] = [
  {
    retelling: /^every frame twice/,
    difference: /port-reuse-collision (.*) became client desynchronized/,
    why: "the copy of a challenge ACK is not recognised as one (its numbers are the old connection's), and the reset is taken to answer the copy",
  },
  {
    retelling: /^every frame twice/,
    difference: /lone.*unknown unknown unknown .* became (client|server) unknown endpoint unknown/,
    why: 'a lone bare RST without identification cannot be proved to be a copy; the second one then counts as something to compare the first with',
  },
  {
    retelling: /^IPv6$/,
    difference: /cases\/traps\/carrier-nat-client.* became middlebox-injection/,
    why: 'without identifications a Mac (hop limit 64, timestamps, window scale 6) counts as Linux, whose aborts bear timestamps',
  },
]

export function isKnown(retelling: string, line: string): boolean {
  return KNOWN.some(k => k.retelling.test(retelling) && k.difference.test(line))
}

/** What is listed for a retelling and no longer differs. */
export function outdated(retelling: string, lines: string[]): string[] {
  return KNOWN.filter(k => k.retelling.test(retelling) && !lines.some(line => k.difference.test(line))).map(
    k => k.why,
  )
}
