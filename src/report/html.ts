/** The HTML report: one self-contained file, from the headline down to every packet that proves it. */
import type { Rendering } from './formats.js'
import { incidentsHtml } from './html/incident.js'
import { html, type Markup } from './html/markup.js'
import { overview, sources } from './html/overview.js'
import { pageEnd, pageStart } from './html/page.js'
import { choose, rowsData, storyTexts, tableSection } from './html/table.js'
import { timeline, timelineLegend } from './html/timeline.js'
import { type View, viewOf } from './view.js'

export function* writeHtml(rendering: Rendering): Generator<string> {
  for (const part of parts(viewOf(rendering))) yield part.text
}

function* parts(view: View): Generator<Markup> {
  const { name, version } = view.report.generator
  yield pageStart(view.headline, view.report.resets.length > 0 ? 'resets' : 'sources')
  yield overview(view)
  yield html`<main>`
  if (view.report.resets.length > 0) yield* resets(view)
  yield sources(view)
  yield html`</main><footer class="foot"><p>${name} ${version}. This file loads nothing and sends nothing; everything it shows is in it. Times are ${view.zone.label}.</p></footer>`
  if (view.report.resets.length > 0) yield* data(view)
  yield pageEnd()
}

function* resets(view: View): Generator<Markup> {
  yield html`<section aria-labelledby="when"><h2 id="when">When</h2><div class="scroll" tabindex="0" role="region" aria-label="Timeline">${timeline(view)}</div>${timelineLegend()}</section><section aria-labelledby="incidents"><h2 id="incidents">What happened</h2>`
  yield* incidentsHtml(view)
  yield html`</section>`
  yield tableSection(view, choose(view).rows)
}

function* data(view: View): Generator<Markup> {
  const { rows, stories } = choose(view)
  yield rowsData(view, rows)
  yield* storyTexts(view, stories)
}
