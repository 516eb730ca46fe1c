/** The top of the page: the headline, what it adds up to, what was wrong with the capture, and how to read the rest. */
import type { Impact, Report } from '../../model.js'
import { comparisonFacts } from '../comparison.js'
import { severityOf } from '../rank.js'
import { healthLines, namesOf, spanOfCaptures, sumWords } from '../text/overview.js'
import { bytes, count, plural } from '../../units.js'
import type { View } from '../view.js'
import { html, type Markup, NOTHING } from './markup.js'

const NOTES_SHOWN = 20
const FILES_SHOWN = 50

export function overview(view: View): Markup {
  const { report, whole, hidden } = view
  const found = whole.resets.length > 0
  return html`<header class="top"><p class="kicker"><b>${namesOf(report.captures)}</b> · ${spanOfCaptures(report.captures, view.zone.label)}</p><h1>${view.headline}</h1>${found && html`<p class="sum">${sumWords(whole, hidden)}</p>`}${comparison(report)}${notes(report)}${figures(whole)}${found ? guide() : health(view)}</header>`
}

/** What two captures proved. */
function comparison(report: Report): Markup {
  if (!report.comparison) return NOTHING
  const facts = comparisonFacts(report).map(
    ([label, texts]) => html`<div><dt>${label}</dt><dd>${texts.map(text => html`<p>${text}</p>`)}</dd></div>`,
  )
  return html`<section class="compared" aria-label="Comparison of two captures"><p class="lead">${report.comparison.summary}</p>${facts.length > 0 && html`<dl class="advice">${facts}</dl>`}</section>`
}

function notes({ captures }: Report): Markup {
  const all = captures.flatMap(({ notes: own, path }) => own.map(note => ({ ...note, path })))
  if (all.length === 0) return NOTHING
  const items = all.slice(0, NOTES_SHOWN).map(({ name, message, count: times, firstFrame, path }) => {
    const where = [
      captures.length > 1 ? path : '',
      times > 1 ? `${count(times)} times` : '',
      firstFrame === null ? '' : `first in frame ${firstFrame}`,
    ]
    return html`<li><b>${name}</b>: ${message} <span class="dim">${where.filter(Boolean).join(', ')}</span></li>`
  })
  const more = all.length - items.length
  return html`<ul class="notes" aria-label="Notes on the capture">${items}${more > 0 && html`<li>and ${plural(more, 'more note')}</li>`}</ul>`
}

/** In this order. */
const FIGURE_NAMES: [Impact, string][] = [
  ['request-lost', 'requests lost'],
  ['transfer-cut', 'transfers cut'],
  ['connect-failed', 'connects failed'],
  ['unknown', 'effect unknown'],
  ['ignored', 'ignored'],
  ['none', 'did no harm'],
]
const TONES = ['calm', 'doubt', 'harm'] as const

/** Figures of everything found, whatever is hidden. */
function figures({ totals, resets, captures }: Report): Markup {
  const impacts = new Map<Impact, number>()
  for (const { impact } of resets) impacts.set(impact, (impacts.get(impact) ?? 0) + 1)
  const frames = captures.reduce((sum, capture) => sum + capture.frames, 0)
  const { middlebox = 0, unknown = 0 } = totals.byOrigin
  const cells: [string, number, string][] = [
    ['connections', totals.connections, ''],
    ['of them reset', totals.resetConnections, ''],
    ...FIGURE_NAMES.flatMap(([impact, name]): [string, number, string][] =>
      impacts.has(impact) ? [[name, impacts.get(impact) ?? 0, TONES[severityOf(impact)]]] : [],
    ),
    ...(middlebox > 0 ? [['by a device', middlebox, ''] as [string, number, string]] : []),
    ...(unknown > 0 ? [['sender unknown', unknown, ''] as [string, number, string]] : []),
    ['frames read', frames, ''],
  ]
  return html`<dl class="figures">${cells.map(([name, value, tone]) => html`<div class="${tone}"><dt>${name}</dt><dd>${count(value)}</dd></div>`)}</dl>`
}

/** What can be said although nothing was reset. */
function health({ report, health: state }: View): Markup {
  const lines = healthLines(report, state, { width: Number.POSITIVE_INFINITY, color: false })
  return html`${lines.map(line => html`<p class="lead">${line.replace(/^· /, '')}</p>`)}`
}

const WORDS: [string, string][] = [
  [
    'Reset (RST)',
    'a TCP packet that ends a connection at once. The application on the other end gets an error such as “Connection reset by peer”.',
  ],
  ['Client, server', 'the client opened the connection (it sent the SYN), the server accepted it.'],
  [
    'Origin',
    'who really made the reset: one of the two ends, or a device between them that used its address.',
  ],
  ['Impact', 'what it cost: a lost request, a transfer cut short, a failed connect, or nothing.'],
  ['Per cent', 'how probable the verdict is. 94 % means: of a hundred such verdicts about six are wrong.'],
  ['FIN', 'the orderly way to end a connection: “I have nothing more to send”.'],
  ['Frame', 'the number of a packet in the capture, the same as in Wireshark.'],
]

function guide(): Markup {
  return html`<details class="guide"><summary>How to read this</summary><dl>${WORDS.map(([word, means]) => html`<dt>${word}</dt><dd>${means}</dd>`)}</dl></details>`
}

/** Where the figures come from: captures and listeners. */
export function sources({ report }: View): Markup {
  const { captures, listeners } = report
  const files = captures
    .slice(0, FILES_SHOWN)
    .map(
      capture =>
        html`<tr><td>${capture.path === '-' ? 'standard input' : capture.path}</td><td>${[capture.format, capture.compression ?? ''].filter(Boolean).join(', ')}</td><td>${capture.linkTypes.join(', ')}</td><td>${count(capture.frames)}</td><td>${count(capture.tcpSegments)}</td><td>${bytes(capture.bytes)}</td><td>${capture.complete ? 'yes' : 'no'}</td></tr>`,
    )
  const more = captures.length - files.length
  return html`<section aria-labelledby="sources"><h2 id="sources">What was read</h2><div class="wide" tabindex="0" role="region" aria-label="Captures"><table class="rows"><thead><tr><th scope="col">Capture</th><th scope="col">Format</th><th scope="col">Link types</th><th scope="col">Frames</th><th scope="col">TCP segments</th><th scope="col">Size</th><th scope="col">Complete</th></tr></thead><tbody>${files}</tbody></table></div>${more > 0 && html`<p class="hint">and ${plural(more, 'more capture')}</p>`}${listeners.length > 0 && listenersTable(report)}</section>`
}

const LISTENERS_SHOWN = 15

function listenersTable({ listeners }: Report): Markup {
  const rows = listeners
    .slice(0, LISTENERS_SHOWN)
    .map(({ address, port, connections, resetConnections, byCause }) => {
      const causes = Object.entries(byCause).map(([cause, times]) => `${cause} ${count(times)}`)
      return html`<tr><td>${address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`}</td><td>${count(connections)}</td><td>${count(resetConnections)}</td><td>${causes.join(', ')}</td></tr>`
    })
  const more = listeners.length - rows.length
  return html`<h3>Servers whose connections were reset</h3><div class="wide" tabindex="0" role="region" aria-label="Servers"><table class="rows"><thead><tr><th scope="col">Server</th><th scope="col">Connections</th><th scope="col">Reset</th><th scope="col">Why</th></tr></thead><tbody>${rows}</tbody></table></div>${more > 0 && html`<p class="hint">and ${plural(more, 'more server')}</p>`}`
}
