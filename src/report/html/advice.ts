/** What the applications saw, what to do, where to look next, and what else it could be. */
import { CAUSES } from '../../causes/index.js'
import type { Reset, Symptom } from '../../model.js'
import { sentence } from '../text/incident.js'
import { sure } from '../../units.js'
import { html, type Markup, NOTHING, prose } from './markup.js'
import { copyable } from './words.js'

const LOGS_SHOWN = 3

export function adviceHtml(reset: Reset): Markup {
  const parts = [
    symptomPart('The client saw', reset.symptom.client),
    symptomPart('The server saw', reset.symptom.server),
    listPart('Do', reset.remedies),
    checksPart(reset),
    alternativesPart(reset),
    reset.consequenceOf === null
      ? NOTHING
      : html`<div><dt>Follows from</dt><dd><a href="#${reset.consequenceOf}">${reset.consequenceOf}</a></dd></div>`,
  ]
  return html`<dl class="advice">${parts}</dl>`
}

function symptomPart(title: string, symptom: Symptom | null): Markup {
  if (!symptom) return NOTHING
  const { error, linux, windows, logs } = symptom
  if (error === 'none') return html`<div><dt>${title}</dt><dd>nothing</dd></div>`
  const numbers = [linux === null ? '' : `errno ${linux}`, windows === null ? '' : `Windows ${windows}`]
  const known = numbers.filter(Boolean).join(', ')
  const quoted = (items: string[]): Markup =>
    html`<ul class="logs">${items.map(text => html`<li><code>${text}</code></li>`)}</ul>`
  const rest = logs.slice(LOGS_SHOWN)
  return html`<div><dt>${title}</dt><dd><b class="mono">${error}</b>${known && ` (${known})`}${logs.length > 0 && html`, in its logs:${quoted(logs.slice(0, LOGS_SHOWN))}`}${rest.length > 0 && html`<details><summary>${rest.length} more log lines to search for</summary>${quoted(rest)}</details>`}</dd></div>`
}

function listPart(title: string, items: string[]): Markup {
  if (items.length === 0) return NOTHING
  return html`<div><dt>${title}</dt><dd>${list(items)}</dd></div>`
}

function list(items: string[]): Markup {
  if (items.length === 1) return html`${prose(sentence(items[0]))}`
  return html`<ul>${items.map(item => html`<li>${prose(sentence(item))}</li>`)}</ul>`
}

/** Commands named in the advice stand once more by themselves, to be copied. */
function checksPart({ nextChecks }: Reset): Markup {
  if (nextChecks.length === 0) return NOTHING
  const commands = new Set(
    nextChecks.flatMap(text => [...text.matchAll(/`([a-z][\w-]* [^`\n]+)`/g)].map(match => match[1])),
  )
  return html`<div><dt>Check next</dt><dd>${list(nextChecks)}${[...commands].map(command => copyable(command, 'command'))}</dd></div>`
}

/** What else it could be, and what would tell: the words of the cause itself. */
function alternativesPart({ cause, alternatives }: Reset): Markup {
  const apart = CAUSES.get(cause)?.mistakenFor ?? {}
  const rows = alternatives.map(
    ({ cause: other, confidence }) =>
      html`<li>${other} <b>${sure(confidence)}</b>${apart[other] && html`: ${prose(apart[other])}`}</li>`,
  )
  const weighed = new Set(alternatives.map(other => other.cause))
  const ruledOut = Object.entries(apart)
    .filter(([id]) => !weighed.has(id as never))
    .map(([id, why]) => html`<li>${id}: ${prose(why ?? '')}</li>`)
  if (rows.length === 0 && ruledOut.length === 0) return NOTHING
  const others = html`<ul>${ruledOut}</ul>`
  if (rows.length === 0) return html`<div><dt>Easily mistaken for</dt><dd>${others}</dd></div>`
  return html`<div><dt>Could also be</dt><dd><ul>${rows}</ul>${ruledOut.length > 0 && html`<details><summary>What it is easily mistaken for</summary>${others}</details>`}</dd></div>`
}
