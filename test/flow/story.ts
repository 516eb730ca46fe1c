/** Random traffic in the notation: several connections interleaved, with loss, repetition, reordering, resets, reuse of ports, copies. */

/** Small seeded generator (mulberry32), so that a failing story can be told again. */
export function random(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

interface Talk {
  number: number
  c: number
  s: number
  step: number
  id: number
}

export function randomStory(seed: number, lines = 300): string {
  const next = random(seed)
  const pick = (n: number) => Math.floor(next() * n)
  const talks: Talk[] = []
  const text: string[] = []
  while (text.length < lines) {
    const number = pick(6)
    const talk = (talks[number] ??= { number, c: 1000 + pick(1e9), s: 1000 + pick(1e9), step: 0, id: 1 })
    const line = speak(talk, pick)
    const gap = ['+10us', '+1ms', '+40ms', '+3s', '+30s'][Math.min(4, Math.floor(-Math.log(next()) * 1.2))]
    if (next() < 0.05) continue
    text.push(`${gap} ${line}`)
    if (next() < 0.1) text.push(`+20us ${line}`)
    if (next() < 0.02) Reflect.deleteProperty(talks, number)
  }
  return text.join('\n')
}

function speak(talk: Talk, pick: (n: number) => number): string {
  const from = pick(2) === 0 ? 'c' : 's'
  const own = from === 'c' ? 'c' : 's'
  const peer = from === 'c' ? 's' : 'c'
  const id = pick(3) === 0 ? '' : ` id ${++talk.id}`
  const name = `${from}${talk.number}`
  if (talk.step === 0) {
    talk.step = 1
    return `c${talk.number} S ${talk.c++}${id}`
  }
  if (talk.step === 1) {
    talk.step = 2
    return pick(5) === 0
      ? `s${talk.number} R 0 ack ${talk.c}`
      : `s${talk.number} S ${talk.s++} ack ${talk.c}${id}`
  }
  const what = pick(20)
  if (what === 0) return `${name} R ${talk[own]}`
  if (what === 1) return `${name} R ${talk[own]} ack ${talk[peer]}${id}`
  if (what === 2) return `${name} F ${talk[own]++} ack ${talk[peer]}${id}`
  if (what === 3) return `${name} . ${talk[own] - 1} ack ${talk[peer]}${id}`
  if (what === 4) return `${name} . ${talk[own]} ack ${talk[peer]}${id} win 0`
  if (what < 9) return `${name} . ${talk[own]} ack ${talk[peer]}${id}`
  if (what === 9)
    return `${name} P ${talk[own] - 10 > 0 ? talk[own] - 10 : talk[own]}(10) ack ${talk[peer]}${id}`
  if (what === 10) talk[own] += 100
  const line = `${name} P ${talk[own]}(100) ack ${talk[peer]}${id}`
  talk[own] += 100
  return line
}
