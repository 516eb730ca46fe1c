/** Hop limits and IP identifications of both sides, packet by packet: a forged packet seldom fits either row. */
import { scaleLinear } from 'd3-scale'
import type { Reset, StoryPacket } from '../../model.js'
import { frameWords } from '../text/style.js'
import { html, type Markup, NOTHING, px } from './markup.js'

const WIDTH = 460
const HEIGHT = 170
const LEFT = 52
const RIGHT = WIDTH - 12
const TOP = 14
const BOTTOM = HEIGHT - 30
const RST = 0x004

/** Below this an end that is said to have sent a reset itself may still be doubted. */
const BEYOND_DOUBT = 0.95

/** True when it may be asked who really sent the reset. */
function originInQuestion({ origin, originConfidence }: Reset): boolean {
  return origin !== 'endpoint' || originConfidence < BEYOND_DOUBT
}

interface Dot {
  index: number
  value: number
  packet: StoryPacket
}

/** Both charts, or nothing where there is too little to compare. */
export function scatters(reset: Reset, packets: StoryPacket[]): Markup {
  if (!originInQuestion(reset) || packets.length < 2) return NOTHING
  const dots = (value: (packet: StoryPacket) => number): Dot[] =>
    packets.map((packet, index) => ({ index, packet, value: value(packet) })).filter(dot => dot.value >= 0)
  const v6 = packets.every(packet => packet.ipId < 0)
  const hops = chart(
    v6 ? 'Hop limit' : 'TTL',
    dots(packet => packet.hopLimit),
  )
  const ids = v6
    ? NOTHING
    : chart(
        'IP ID',
        dots(packet => packet.ipId),
      )
  return html`<h4>Who sent it? Marks of the sender, packet by packet</h4><p class="hint">Packets of one host on one path arrive with the same ${v6 ? 'hop limit' : 'TTL'}: a reset with another one hints at another sender.${!v6 && ' IP IDs tell less: many systems count them per connection or draw them at random, and Linux sends a reset without a socket with 0.'}</p><div class="charts">${hops}${ids}</div>${markers(reset)}`
}

function markers({ origin }: Reset): Markup {
  const items: [Markup, string][] = [
    [mark('client', 8, 8), 'client'],
    [mark('server', 8, 8), 'server'],
    [mark('rst', 8, 8), 'reset'],
    ...(origin === 'middlebox' ? [[mark('forged', 8, 8), 'forged reset'] as [Markup, string]] : []),
  ]
  return html`<ul class="legend">${items.map(([shape, text]) => html`<li><svg class="scatter key" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">${shape}</svg>${text}</li>`)}</ul>`
}

function chart(title: string, dots: Dot[]): Markup {
  const values = dots.map(dot => dot.value)
  const low = Math.min(...values)
  const high = Math.max(...values)
  const room = Math.max(2, (high - low) * 0.12)
  const y = scaleLinear([Math.max(0, low - room), high + room], [BOTTOM, TOP])
  const x = scaleLinear([0, Math.max(1, ...dots.map(dot => dot.index))], [LEFT + 10, RIGHT - 10])
  const ticks = y.ticks(4).filter(Number.isInteger)
  const grid = ticks.map(
    tick =>
      html`<path class="grid" d="M${LEFT} ${px(y(tick))}H${RIGHT}"/><text x="${LEFT - 8}" y="${px(y(tick) + 4)}" text-anchor="end">${String(tick)}</text>`,
  )
  const points = dots.map(
    ({ packet, index, value }) =>
      html`<g data-frames="${packet.frame}"><title>${frameWords([packet.frame])}, ${packet.flags & RST ? 'RST in the name of the ' : ''}${packet.from}: ${title} ${value}</title>${mark(kindOf(packet), x(index), y(value))}</g>`,
  )
  return html`<svg class="scatter" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${spoken(title, dots)}">${grid}${points}<text class="axis" x="${LEFT}" y="${HEIGHT - 8}">${title}, packets in order →</text></svg>`
}

type Kind = 'client' | 'server' | 'rst' | 'forged'

function kindOf({ flags, forged, from }: StoryPacket): Kind {
  if (!(flags & RST)) return from
  return forged ? 'forged' : 'rst'
}

/** A shape of its own each, so that colour is never needed to tell them apart. */
function mark(kind: Kind, x: number, y: number): Markup {
  if (kind === 'client') return html`<circle class="m-client" cx="${px(x)}" cy="${px(y)}" r="3.5"/>`
  if (kind === 'server')
    return html`<rect class="m-server" x="${px(x - 3.2)}" y="${px(y - 3.2)}" width="6.4" height="6.4"/>`
  if (kind === 'rst') return html`<path class="m-rst" d="M${px(x - 4.5)} ${px(y - 4.5)}l9 9m0 -9l-9 9"/>`
  return html`<path class="m-forged" d="M${px(x)} ${px(y - 6)}l6 6l-6 6l-6 -6z"/>`
}

/** `TTL: client 64; server 61; RST frame 21 72` */
function spoken(title: string, dots: Dot[]): string {
  const range = (of: Dot[]): string => {
    const values = of.map(dot => dot.value)
    const low = Math.min(...values)
    const high = Math.max(...values)
    return low === high ? String(low) : `${low} to ${high}`
  }
  const groups: [string, Dot[]][] = [
    ['client', dots.filter(({ packet }) => packet.from === 'client' && !(packet.flags & RST))],
    ['server', dots.filter(({ packet }) => packet.from === 'server' && !(packet.flags & RST))],
    ['resets', dots.filter(({ packet }) => packet.flags & RST)],
  ]
  const words = groups.filter(([, of]) => of.length > 0).map(([name, of]) => `${name} ${range(of)}`)
  return `${title}: ${words.join('; ')}`
}
