/** The table of resets: the first rows as they are, all of them as data for search and filters, the worst with their story. */
import type { Reset } from '../../model.js'
import { nameAfter } from '../names.js'
import { type RankedIncident, severityOf } from '../rank.js'
import { clock, count, endpoint, plural, sure } from '../../units.js'
import type { View } from '../view.js'
import { html, inert, jsonData, type Markup } from './markup.js'
import { fullStory } from './story.js'
import { impactLabel } from './words.js'

/** Rows in the page itself; the script shows as many at a time. */
const PAGE_ROWS = 200
/** Rows as data. Beyond them the worst are kept: nobody reads further, and a browser should open the file at once. */
export const ROWS_AT_MOST = 10_000
/** Full stories, and the room they may take together. */
export const STORIES_AT_MOST = 300
const ALL_STORIES_AT_MOST = 2000
const STORY_CHARACTERS = 8_000_000

const TONES = ['calm', 'doubt', 'harm'] as const

/** Which resets get a row and which a story: an example of every incident, then the worst. */
export function choose(view: View): { rows: Reset[]; stories: Reset[] } {
  const order = byWorth(view.ranked)
  const all = view.report.resets
  const kept = new Set(order.slice(0, ROWS_AT_MOST))
  return {
    rows: all.length <= ROWS_AT_MOST ? all : all.filter(reset => kept.has(reset)),
    stories: order.slice(0, view.all ? ALL_STORIES_AT_MOST : STORIES_AT_MOST),
  }
}

function byWorth(ranked: RankedIncident[]): Reset[] {
  const order = new Set(ranked.map(one => one.example))
  for (const { resets } of ranked) {
    const worst = [...resets].sort((a, b) => severityOf(b.impact) - severityOf(a.impact))
    for (const reset of worst) order.add(reset)
  }
  return [...order]
}

export function tableSection(view: View, rows: Reset[]): Markup {
  const days = new Set(rows.map(reset => reset.time.slice(0, 10))).size > 1
  const total = view.report.resets.length
  const left = total - rows.length
  return html`<section aria-labelledby="resets"><h2 id="resets">All resets</h2>${tools(view.report.resets)}<p class="hint" id="found" role="status">${plural(total, 'reset')}</p><noscript><p class="hint">Search, filters and the stories below need the script of this page.</p></noscript><div class="wide" tabindex="0" role="region" aria-label="Table of resets"><table class="rows" id="rows"><caption class="sr">Resets in order of time</caption><thead><tr>${['Reset', `Time (${view.zone.label})`, 'Connection', 'Sent as', 'Cause', 'Origin', 'Impact', 'Sure'].map(name => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows.slice(0, PAGE_ROWS).map(reset => rowHtml(reset, view, days))}</tbody></table></div><p><button type="button" class="more" id="more" hidden>Show more</button></p>${left > 0 && html`<p class="hint">${count(left)} more resets are summarised in the incidents above; the JSON report lists them all.</p>`}</section>`
}

function tools(resets: Reset[]): Markup {
  const select = (
    id: string,
    label: string,
    value: (reset: Reset) => string,
    say = (text: string) => text,
  ): Markup => {
    const counts = new Map<string, number>()
    for (const reset of resets) counts.set(value(reset), (counts.get(value(reset)) ?? 0) + 1)
    const options = [...counts].sort((a, b) => b[1] - a[1])
    return html`<label>${label}<select id="${id}"><option value="">any</option>${options.map(([name, times]) => html`<option value="${name}">${say(name)} (${count(times)})</option>`)}</select></label>`
  }
  return html`<div class="tools" role="search" aria-label="Resets" hidden><label>Search<input id="q" type="search" placeholder="address, host, port, frame, r12 …" autocomplete="off" spellcheck="false"></label>${select('cause', 'Cause', reset => reset.cause)}${select('origin', 'Origin', reset => reset.origin)}${select(
    'impact',
    'Impact',
    reset => reset.impact,
    text => impactLabel(text as Reset['impact']),
  )}<label>Order<select id="order"><option value="time">by time</option><option value="worst">worst first</option></select></label><button type="button" id="clear" hidden>Show all</button></div>`
}

/** The columns, as text; the script builds the same row from the same values. */
function cells(reset: Reset, view: View, days: boolean): string[] {
  const { client, server, application } = reset.connection
  const { names } = view
  return [
    reset.id,
    `${days ? `${reset.time.slice(5, 10)} ` : ''}${clock(reset.time)}`,
    `${endpoint(client)}${nameAfter(names, client.address)} → ${endpoint(server)}${nameAfter(names, server.address)}`,
    application ?? '',
    reset.sender,
    reset.cause,
    reset.origin,
    impactLabel(reset.impact),
    sure(reset.confidence),
  ]
}

function rowHtml(reset: Reset, view: View, days: boolean): Markup {
  const [id, time, pair, application, sender, cause, origin, impact, certainty] = cells(reset, view, days)
  return html`<tr class="row"><td>${id}</td><td class="mono nw">${time}</td><td>${pair}${application && html`<span class="app">${application}</span>`}</td><td>${sender}</td><td class="nw">${cause}</td><td>${origin}</td><td class="nw ${TONES[severityOf(reset.impact)]}">${impact}</td><td class="nw">${certainty}</td></tr>`
}

/** Rows as data: cells, then impact, severity, incident, frames and the number of its sentence. Repeated words stand once. */
export function rowsData(view: View, rows: Reset[]): Markup {
  const words = new Map<string, number>()
  const days = new Set(rows.map(reset => reset.time.slice(0, 10))).size > 1
  const number = (text: string): number => {
    const known = words.get(text) ?? words.size
    if (known === words.size) words.set(text, known)
    return known
  }
  const data = rows.map(reset => {
    const [id, time, pair, ...rest] = cells(reset, view, days)
    return [
      id,
      time,
      pair,
      ...rest.map(number),
      number(reset.impact),
      severityOf(reset.impact),
      number(reset.incident ?? ''),
      reset.frames.slice(0, 3).join(' '),
      number(reset.summary),
    ]
  })
  const path = view.report.captures[0]?.path ?? '-'
  return jsonData('data', { page: PAGE_ROWS, path, words: [...words.keys()], rows: data })
}

/** The stories as inert text, each made into elements when its row is opened. */
export function* storyTexts(view: View, stories: Reset[]): Generator<Markup> {
  let room = STORY_CHARACTERS
  for (const reset of stories) {
    const story = inert(reset.id, fullStory(reset, view))
    room -= story.text.length
    if (room < 0) return
    yield story
  }
}
