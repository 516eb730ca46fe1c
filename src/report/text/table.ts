/** The table of resets, fitted to the terminal. */
import Table from 'cli-table3'
import type { Reset } from '../../model.js'
import { clipMiddle, columns } from '../layout.js'
import { clock, sure } from '../../units.js'
import { dye, impactPaint, pairOf, type Style } from './style.js'

interface Column {
  title: string
  /** May be of several lines. */
  cell(reset: Reset): string
}

type Fitted = Column & { width: number }

/** Lines of a table beside its rows. */
export const FRAME_LINES = 4

/** A table that fits: which columns, and how many lines each row takes. */
export interface Layout {
  columns: Fitted[]
  linesPerRow: 1 | 2
}

/**
 * Columns for these resets. Where they do not fit, the least important are left out first; then the two ends of a connection
 * stand below each other; an address is cut only where even that is too wide.
 */
export function tableLayout(resets: Reset[], style: Style): Layout {
  const days = new Set(resets.map(reset => reset.time.slice(0, 10))).size > 1
  const id: Column = { title: '', cell: reset => reset.id }
  const time: Column = {
    title: `time (${style.zone ?? 'UTC'})`,
    cell: reset => `${days ? `${reset.time.slice(5, 10)} ` : ''}${clock(reset.time, 3)}`,
  }
  const named: Column = { title: 'connection', cell: reset => pairOf(reset, style.names) }
  const pair: Column = { title: 'connection', cell: reset => pairOf(reset) }
  const stacked: Column = { title: 'connection', cell: reset => pairOf(reset).replace(' → ', '\n→ ') }
  const [sender, cause, origin, impact]: Column[] = (['sender', 'cause', 'origin', 'impact'] as const).map(
    title => ({ title, cell: reset => reset[title] }),
  )
  const certainty: Column = { title: 'sure', cell: reset => sure(reset.confidence) }
  const variants: [1 | 2, Column[]][] = [
    [1, [id, time, named, sender, cause, origin, impact, certainty]],
    [1, [id, time, named, cause, origin, impact, certainty]],
    [1, [id, time, pair, sender, cause, origin, impact, certainty]],
    [1, [id, time, pair, cause, origin, impact, certainty]],
    [1, [id, time, pair, cause, origin, certainty]],
    [1, [id, time, pair, cause, certainty]],
    [2, [id, time, stacked, cause, impact, certainty]],
    [2, [id, time, stacked, cause, origin, certainty]],
    [2, [id, time, stacked, cause, certainty]],
    [2, [id, stacked, cause]],
  ]
  const layouts = variants.map(([linesPerRow, chosen]) => ({
    columns: chosen.map(column => ({ ...column, width: widest(column, resets) })),
    linesPerRow,
  }))
  return (
    layouts.find(layout => total(layout.columns) <= style.width) ??
    clipped(layouts[layouts.length - 1], style)
  )
}

function widest({ title, cell }: Column, resets: Reset[]): number {
  const lines = resets.slice(0, 1000).flatMap(reset => cell(reset).split('\n'))
  return Math.max(columns(title), ...lines.map(columns))
}

/** Two spaces and a line per column, and one line more. */
function total(chosen: { width: number }[]): number {
  return chosen.reduce((sum, column) => sum + column.width + 3, 1)
}

function clipped({ columns: chosen, linesPerRow }: Layout, style: Style): Layout {
  const excess = Math.max(0, total(chosen) - style.width)
  const narrow = chosen.map(column =>
    column.title === 'connection' ? { ...column, width: Math.max(12, column.width - excess) } : column,
  )
  return { columns: narrow, linesPerRow }
}

/** The table of these resets as lines. */
export function resetTable(resets: Reset[], layout: Layout, style: Style): string[] {
  const table = new Table({
    head: layout.columns.map(column => column.title),
    colWidths: layout.columns.map(column => column.width + 2),
    style: { head: [], border: [], compact: true },
  })
  for (const reset of resets) {
    table.push(
      layout.columns.map(({ title, cell, width }) => {
        const lines = cell(reset)
          .split('\n')
          .map(line => clipMiddle(line, width))
        return title === 'cause' ? dye(style, impactPaint(reset.impact), lines[0]) : lines.join('\n')
      }),
    )
  }
  return table.toString().split('\n')
}
