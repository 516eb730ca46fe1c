/**
 * The page's one script: filters, lazy stories, ladder keys, copying. Data becomes text, never markup; the stories are
 * markup that the report's own templates escaped.
 * Plain old JavaScript as text: it is hashed for the content security policy and runs as it stands.
 */

const COMMON = String.raw`
'use strict'
const $ = (selector, root = document) => root.querySelector(selector)
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)]
const make = (name, text, style) => {
  const element = document.createElement(name)
  if (text !== undefined) element.textContent = text
  if (style) element.className = style
  return element
}
const reveal = root => $$('[data-copy],[data-incident]', root).forEach(button => (button.hidden = false))

async function copy(button) {
  const text = button.previousElementSibling.textContent
  let done = true
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    const selection = getSelection()
    selection.selectAllChildren(button.previousElementSibling)
    done = document.execCommand('copy')
  }
  button.textContent = done ? 'Copied' : 'Press Ctrl+C'
  setTimeout(() => (button.textContent = 'Copy'), 1500)
}
`

const LADDER = String.raw`
function showFields(step) {
  const story = step.closest('.story')
  const fields = $('.fields', story)
  const lines = step.dataset.fields.split('¶')
  for (const other of $$('[aria-selected=true]', step.parentNode)) other.setAttribute('aria-selected', 'false')
  step.setAttribute('aria-selected', 'true')
  light(story, step.dataset.frames.split(' '))
  fields.hidden = false
  const text = lines.join('\n')
  if (fields.textContent !== text) fields.textContent = text
}

function light(story, frames) {
  for (const item of $$('[data-frames]', story))
    item.classList.toggle('lit', item.dataset.frames.split(' ').some(frame => frame && frames.includes(frame)))
}

function moveTo(step) {
  for (const other of $$('.l-step', step.parentNode)) other.setAttribute('tabindex', '-1')
  step.setAttribute('tabindex', '0')
  step.focus({ preventScroll: true })
  step.scrollIntoView({ block: 'nearest' })
}

function ladderKey(event, step) {
  const steps = $$('.l-step', step.parentNode)
  const at = steps.indexOf(step)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: steps.length - 1 }[event.key]
  if (to === undefined || !steps[to]) return
  event.preventDefault()
  moveTo(steps[to])
}

function showFrame(button) {
  const frame = button.dataset.frame
  const step = $$('.l-step', button.closest('.story')).find(item => item.dataset.frames.split(' ').includes(frame))
  if (step) moveTo(step)
}

document.addEventListener('pointerover', event => {
  const step = event.target.closest && event.target.closest('.l-step[data-fields]')
  if (step) showFields(step)
})
document.addEventListener('focusin', event => {
  const step = event.target.closest('.l-step[data-fields]')
  if (step) showFields(step)
})
`

const TABLE = String.raw`
const data = $('#data') && JSON.parse($('#data').textContent)
const TONES = ['calm', 'doubt', 'harm']
const rows = data ? data.rows.map(readRow) : []
const byId = new Map(rows.map(row => [row.id, row]))
let incident = ''
let limit = data ? data.page : 0
let pending

function readRow(cells, index) {
  const word = at => data.words[cells[at]]
  const [id, time, pair] = cells
  const row = { id, time, pair, index, application: word(3), sender: word(4), cause: word(5), origin: word(6),
    impactLabel: word(7), sure: word(8), impact: word(9), severity: cells[10], incident: word(11), summary: word(13) }
  row.text = [id, time, pair, row.application, row.sender, row.cause, row.origin, row.impactLabel, 'frame ' + cells[12], row.incident].join(' ').toLowerCase()
  return row
}

function matches() {
  const words = $('#q').value.toLowerCase().split(/\s+/).filter(Boolean)
  const [cause, origin, impact] = ['cause', 'origin', 'impact'].map(id => $('#' + id).value)
  const found = rows.filter(row =>
    (!cause || row.cause === cause) && (!origin || row.origin === origin) && (!impact || row.impact === impact) &&
    (!incident || row.incident === incident) &&
    words.every(word => /^r\d+$/.test(word) ? row.id === word : row.text.includes(word)))
  if ($('#order').value === 'worst') found.sort((a, b) => b.severity - a.severity || a.index - b.index)
  return found
}

function update() {
  // A filter that was typed and not applied yet would close again what is opened now.
  clearTimeout(pending)
  const found = matches()
  $('#rows tbody').replaceChildren(...found.slice(0, limit).map(rowElement))
  const shown = Math.min(limit, found.length)
  const many = n => String(n).replace(/\B(?=(\d{3})+$)/g, ',')
  $('#found').textContent = found.length === 0 ? 'No reset matches.' :
    many(found.length) + ' of ' + many(rows.length) + (rows.length === 1 ? ' reset' : ' resets') + (incident ? ' (incident ' + incident + ')' : '') +
    (shown < found.length ? ', the first ' + many(shown) + ' shown' : '')
  $('#more').hidden = shown === found.length
  $('#clear').hidden = found.length === rows.length && !incident
  return found
}

function rowElement(row) {
  const line = make('tr', undefined, 'row')
  const button = make('button', row.id)
  button.type = 'button'
  button.dataset.open = row.id
  button.setAttribute('aria-expanded', 'false')
  button.setAttribute('aria-label', 'Story of ' + row.id)
  const first = make('td')
  first.append(button)
  const pair = make('td', row.pair)
  if (row.application) pair.append(make('span', row.application, 'app'))
  line.append(first, make('td', row.time, 'mono nw'), pair, make('td', row.sender), make('td', row.cause, 'nw'),
    make('td', row.origin), make('td', row.impactLabel, 'nw ' + TONES[row.severity]), make('td', row.sure, 'nw'))
  return line
}

function toggle(button) {
  const line = button.closest('tr')
  if (button.getAttribute('aria-expanded') === 'true') {
    button.setAttribute('aria-expanded', 'false')
    line.nextElementSibling.remove()
    return
  }
  const cell = make('td')
  cell.colSpan = 8
  cell.append(story(button.dataset.open))
  const opened = make('tr', undefined, 'opened')
  opened.append(cell)
  line.after(opened)
  reveal(opened)
  button.setAttribute('aria-expanded', 'true')
}

function story(id) {
  const kept = $('script[data-for="' + id + '"]')
  if (kept) return document.createRange().createContextualFragment(kept.textContent)
  const box = make('div', undefined, 'story')
  box.append(make('h3', id + ': ' + byId.get(id).cause), make('p', byId.get(id).summary, 'lead'),
    make('p', 'The packets of this reset are not in this file; only the worst are. To see them:', 'hint'))
  const line = make('div', undefined, 'copy')
  const file = /^[\w./][\w./-]*$/.test(data.path) ? data.path : "'" + data.path.split("'").join("'\\''") + "'"
  const button = make('button', 'Copy')
  button.type = 'button'
  button.dataset.copy = ''
  line.append(make('code', 'rst-analyze --reset ' + id + ' -o ' + id + '.html ' + (file === '-' ? 'CAPTURE' : file)), button)
  box.append(line)
  return box
}

function clear() {
  for (const id of ['q', 'cause', 'origin', 'impact']) $('#' + id).value = ''
  incident = ''
}

function openFromHash() {
  const id = location.hash.slice(1)
  if (!byId.has(id)) return
  let at = matches().findIndex(row => row.id === id)
  if (at < 0) {
    clear()
    at = matches().findIndex(row => row.id === id)
  }
  limit = Math.max(limit, at + 1)
  update()
  const button = $('[data-open="' + id + '"]')
  toggle(button)
  button.scrollIntoView()
  button.focus({ preventScroll: true })
}
`

const WIRING = String.raw`
document.addEventListener('click', event => {
  const target = event.target.closest && event.target.closest('[data-copy],[data-frame],[data-open],[data-incident],[data-reset],#more,#clear,a[href^="#r"]')
  if (!target) return
  if ('copy' in target.dataset) copy(target)
  else if (target.dataset.frame) showFrame(target)
  else if (target.dataset.open) toggle(target)
  else if (target.dataset.reset) location.hash = target.dataset.reset
  else if (target.dataset.incident) {
    clear()
    incident = target.dataset.incident
    limit = data.page
    update()
    $('#resets').scrollIntoView()
    $('#q').focus({ preventScroll: true })
  } else if (target.id === 'more') {
    const before = limit
    limit += data.page
    update()
    $$('[data-open]')[before]?.focus()
  } else if (target.id === 'clear') {
    clear()
    update()
    $('#q').focus()
  } else if (target.hash === location.hash) openFromHash()
})
document.addEventListener('keydown', event => {
  const step = event.target.closest && event.target.closest('.l-step')
  if (step) ladderKey(event, step)
})
if (data) {
  const soon = () => {
    clearTimeout(pending)
    pending = setTimeout(() => {
      limit = data.page
      update()
    }, 80)
  }
  $('#q').addEventListener('input', soon)
  for (const id of ['cause', 'origin', 'impact', 'order']) $('#' + id).addEventListener('change', soon)
  $('.tools').hidden = false
  update()
  addEventListener('hashchange', openFromHash)
  openFromHash()
}
reveal(document)
const opened = new Set()
addEventListener('beforeprint', () => {
  for (const item of $$('details.case:not([open])')) {
    opened.add(item)
    item.open = true
  }
})
addEventListener('afterprint', () => {
  for (const item of opened) item.open = false
  opened.clear()
})
`

export const SCRIPT = `${COMMON}${LADDER}${TABLE}${WIRING}`
