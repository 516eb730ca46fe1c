/** The table of resets, fitted to the terminal. */
import Table from 'cli-table3'
import type { Reset } from '../../model.js'
import { clipMiddle, columns } from '../layout.js'
import { clock, sure } from '../../units.js'
import { dye, impactPaint, pairOf, type Style } from './style.js'

interface Column {
  title: string
  cell(reset: Reset): string
}

/** Lines of a table with n rows. */
export const FRAME_LINES = 4

/** The table of these resets as lines. Columns that do not fit are left out, the least important first. */
export function resetTable(resets: Reset[], style: Style): string[] {
  const days = new Set(resets.map(reset => reset.time.slice(0, 10))).size > 1
  const pick = (chosen: Column[]) => chosen.map(column => ({ ...column, width: widest(column, resets) }))
  const time = (decimals: number): Column => ({
    title: `time (${style.zone ?? 'UTC'})`,
    cell: reset => `${days ? `${reset.time.slice(5, 10)} ` : ''}${clock(reset.time, decimals)}`,
  })
  const id: Column = { title: '', cell: reset => reset.id }
  const pair: Column = { title: 'connection', cell: reset => pairOf(reset) }
  const cause: Column = { title: 'cause', cell: reset => reset.cause }
  const certainty: Column = { title: 'sure', cell: reset => sure(reset.confidence) }
  const sender: Column = { title: 'sender', cell: reset => reset.sender }
  const origin: Column = { title: 'origin', cell: reset => reset.origin }
  const impact: Column = { title: 'impact', cell: reset => reset.impact }
  const variants = [
    [id, time(3), pair, sender, cause, origin, impact, certainty],
    [id, time(3), pair, sender, cause, origin, certainty],
    [id, time(3), pair, cause, origin, certainty],
    [id, time(3), pair, cause, certainty],
    [id, time(0), pair, cause, certainty],
  ].map(pick)
  const fitting = variants.find(variant => total(variant) <= style.width) ?? variants[variants.length - 1]
  return draw(fitting, resets, style)
}

function widest({ title, cell }: Column, resets: Reset[]): number {
  return Math.max(columns(title), ...resets.slice(0, 1000).map(reset => columns(cell(reset))))
}

/** Two spaces and a line per column, and one line more. */
function total(variant: { width: number }[]): number {
  return variant.reduce((sum, column) => sum + column.width + 3, 1)
}

function draw(variant: (Column & { width: number })[], resets: Reset[], style: Style): string[] {
  const excess = Math.max(0, total(variant) - style.width)
  const widths = variant.map(column =>
    column.title === 'connection' ? Math.max(12, column.width - excess) : column.width,
  )
  const table = new Table({
    head: variant.map(column => column.title),
    colWidths: widths.map(width => width + 2),
    style: { head: [], border: [], compact: true },
  })
  for (const reset of resets) {
    table.push(
      variant.map((column, index) => {
        const text = clipMiddle(column.cell(reset), widths[index])
        return column.title === 'cause' ? dye(style, impactPaint(reset.impact), text) : text
      }),
    )
  }
  return table.toString().split('\n')
}
