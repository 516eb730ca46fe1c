/** The registry of output formats: one file a format, loaded only when asked for. */
import type { Analysis } from '../model.js'
import type { Names } from './names.js'
import type { Selection } from './select.js'
import type { Zone } from './zone.js'

export const FORMAT_NAMES = ['text', 'json', 'ndjson', 'markdown', 'html'] as const
export type FormatName = (typeof FORMAT_NAMES)[number]

/** Everything a writer may look at. Writers are pure: the same rendering gives the same text. */
export interface Rendering {
  analysis: Analysis
  selection: Selection
  /** Columns available; only text looks at it. */
  width: number
  color: boolean
  /** Which stories are told: the worst few, every one, or exactly those of these resets (in full). */
  stories: 'worst' | 'all' | string[]
  /** Names for addresses, shown beside them in the formats for people; the analysis's own when absent. */
  names?: Names
  /** Clock of the times in the formats for people; UTC when absent. */
  zone?: Zone
  /** Markdown only: bytes the report may take. */
  maxBytes?: number
}

/** Yields the output in pieces, so that no report has to fit into one string. */
export type Writer = (rendering: Rendering) => Iterable<string>

interface Format {
  extensions: string[]
  /** null = not available in this version. */
  load: (() => Promise<Writer>) | null
}

export const FORMATS: Record<FormatName, Format> = {
  text: { extensions: ['.txt', '.text'], load: async () => (await import('./text.js')).writeText },
  json: { extensions: ['.json'], load: async () => (await import('./json.js')).writeJson },
  ndjson: { extensions: ['.ndjson', '.jsonl'], load: async () => (await import('./json.js')).writeNdjson },
  markdown: {
    extensions: ['.md', '.markdown'],
    load: async () => (await import('./markdown.js')).writeMarkdown,
  },
  html: { extensions: ['.html', '.htm'], load: async () => (await import('./html.js')).writeHtml },
}

/** The format that a file name's extension stands for. */
export function formatOf(path: string): FormatName | undefined {
  const name = path.toLowerCase()
  return FORMAT_NAMES.find(format => FORMATS[format].extensions.some(extension => name.endsWith(extension)))
}
