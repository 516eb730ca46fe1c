/** An incident: what happened, what it cost, what to do, and the proof on one example. */
import type { RankedIncident } from '../rank.js'
import { harmWords, shareWords } from '../rank.js'
import { meanConfidence, sentence } from '../text/incident.js'
import { originWords } from '../text/style.js'
import { clock, count, plural, sure } from '../../units.js'
import type { View } from '../view.js'
import { adviceHtml } from './advice.js'
import { html, type Markup, prose } from './markup.js'
import { proof } from './story.js'
import { badge } from './words.js'

/** Incidents told in full; of the others a line. */
const TOLD = 8
const LINES = 200

export function incidentsHtml(view: View): Markup[] {
  const told = view.ranked.slice(0, TOLD)
  const rest = view.ranked.slice(TOLD)
  return [
    ...told.map((one, index) => incidentHtml(one, index, view)),
    ...(rest.length > 0 ? [restHtml(rest)] : []),
  ]
}

function incidentHtml(ranked: RankedIncident, index: number, view: View): Markup {
  const { incident, example, resets } = ranked
  const id = `incident-${index + 1}`
  const others = resets.length - 1
  return html`<article class="incident" aria-labelledby="${id}"><h3 id="${id}"><span class="no">${index + 1}</span>${incident.title}</h3><p class="facts">${figures(ranked, view)}</p><p class="lead">${prose(sentence(incident.summary))}</p>${adviceHtml(example)}<details class="case" data-case="${example.id}"${index === 0 && html` open`}><summary>The proof: ${example.id}${others > 0 && `, the clearest of ${count(resets.length)}`}</summary><div class="story" data-story="${example.id}">${proof(example, view)}</div></details>${others > 0 && html`<p class="hint"><button type="button" class="link" data-incident="${incident.id}" hidden>Show all ${count(resets.length)} resets of this incident</button></p>`}</article>`
}

function figures(ranked: RankedIncident, view: View): Markup[] {
  const { incident, resets, total, impacts, severity, example } = ranked
  const shown =
    total > resets.length
      ? `${count(resets.length)} of ${plural(total, 'reset')} shown`
      : plural(total, 'reset')
  const from = clock(incident.firstTime, 0)
  const to = clock(incident.lastTime, 0)
  const when = from === to ? `${from} ${view.zone.label}` : `${from}–${to} ${view.zone.label}`
  const parts = [shown, when, originWords(resets, example), shareWords(ranked)].filter(Boolean)
  return [
    badge(harmWords(impacts), severity),
    html`<span>${incident.cause} <b>${sure(meanConfidence(resets))}</b></span>`,
    ...parts.map(text => html`<span>${text}</span>`),
  ]
}

function restHtml(rest: RankedIncident[]): Markup {
  const rows = rest
    .slice(0, LINES)
    .map(
      ({ incident, resets, impacts, severity }) =>
        html`<li>${badge(harmWords(impacts), severity)} ${incident.title} <span class="dim">${plural(resets.length, 'reset')}, first <a href="#${resets[0].id}">${resets[0].id}</a></span></li>`,
    )
  const more = rest.length - rows.length
  return html`<article class="incident rest"><h3>${plural(rest.length, 'more incident')}</h3><ul>${rows}</ul>${more > 0 && html`<p class="hint">and ${count(more)} more, all in the table below</p>`}</article>`
}
