/** Lines that fit: display width, wrapping, padding. Nothing here knows what the words mean. */
import { styleText } from 'node:util'

export type Paint = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan' | 'magenta'

/** Puts colour around text, or leaves it alone when colour is off. */
export function paint(color: boolean, style: Paint | Paint[], text: string): string {
  return color && text ? styleText(style, text, { validateStream: false }) : text
}

const WIDE =
  /[\u1100-\u115e\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u
const MARK = /\p{M}/u
// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with the escape character
const COLOR_CODES = /\u001b\[[\d;]*m/g
const COLOR_CODE = new RegExp(`(${COLOR_CODES.source})`)

/** Columns a text takes on a terminal, colour codes aside. */
export function columns(text: string): number {
  const plain = text.replace(COLOR_CODES, '')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the printable ASCII range
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length
  let total = 0
  for (const character of plain) total += MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return total
}

/** Cuts uncoloured text to at most `width` columns, the last one being … */
export function clip(text: string, width: number): string {
  if (columns(text) <= width) return text
  return `${head(text, width - 1)}…`
}

/** Cuts coloured text: colour codes take no room, and colour ends where the text ends. */
export function clipColored(text: string, width: number): string {
  if (columns(text) <= width) return text
  let kept = ''
  let left = width - 1
  for (const part of text.split(COLOR_CODE)) {
    const piece = part.startsWith('\u001b') ? part : head(part, left)
    kept += piece
    left -= columns(piece)
    if (columns(piece) < columns(part)) break
  }
  return `${kept}…${text.includes('\u001b') ? '\u001b[0m' : ''}`
}

/** Cuts from the middle: both ends of an address or a file name matter. */
export function clipMiddle(text: string, width: number): string {
  if (columns(text) <= width) return text
  const tail = Math.floor((width - 1) / 2)
  const reversed = [...text].reverse().join('')
  return `${head(text, width - 1 - tail)}…${[...head(reversed, tail)].reverse().join('')}`
}

function head(text: string, width: number): string {
  let kept = ''
  let used = 0
  for (const character of text) {
    used += columns(character)
    if (used > width) break
    kept += character
  }
  return kept
}

/** Fills with spaces to `width` columns; never cuts. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)))
}

/** Breaks text at spaces into lines of at most `width` columns; a word that is longer is broken where it must be. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (let word of text.split(/ +/)) {
    if (line && columns(line) + 1 + columns(word) <= width) {
      line += ` ${word}`
      continue
    }
    if (line) lines.push(line)
    while (columns(word) > width) {
      const part = head(word, width) || [...word][0]
      lines.push(part)
      word = word.slice(part.length)
    }
    line = word
  }
  return line || lines.length === 0 ? [...lines, line] : lines
}

/** Wraps text behind a label: the label stands on the first line, the others are indented as far. */
export function hang(label: string, text: string, width: number): string[] {
  const indent = columns(label)
  return wrap(text, Math.max(10, width - indent)).map(
    (line, index) => (index === 0 ? label : ' '.repeat(indent)) + line,
  )
}

/** At most `most` lines; the last one kept ends in … when something was left out. */
export function firstLines(lines: string[], most: number, width: number): string[] {
  if (lines.length <= most) return lines
  const last = lines[most - 1]
  return [
    ...lines.slice(0, most - 1),
    columns(last) < width ? `${last}…` : clip(`${last}…`, width).replace(/…+$/, '…'),
  ]
}
