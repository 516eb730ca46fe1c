/** `--annotate`, `--extract`, `--redact`: checked before the analysis, written after it. */
import { stat } from 'node:fs/promises'
import type { Analysis, Report } from '../model.js'
import type { Names } from '../report/names.js'
import { plural } from '../units.js'
import type { Aliases } from '../redact/index.js'
import { UsageError } from './errors.js'
import type { Io } from './io.js'
import { checkTargets, inputsOf, outputError } from './targets.js'

export interface CaptureOptions {
  annotate?: string
  extract?: string
  redact?: boolean
  hosts?: string
}

/** What can be said before a packet is read. Throws UsageError, or an OutputError for a place that cannot be written to. */
export async function checkCaptures(options: CaptureOptions, inputs: string[]): Promise<void> {
  const { annotate, extract } = options
  if (annotate === undefined && extract === undefined) return
  const option = annotate === undefined ? '--extract' : '--annotate'
  for (const input of inputs) {
    const info = input === '-' ? undefined : await stat(input).catch(() => undefined)
    // What does not exist is for the analysis to refuse.
    if (input === '-' || (info && !info.isFile() && !info.isDirectory()))
      throw new UsageError(`${option} reads the capture a second time: save the stream to a file first`)
  }
  if (annotate !== undefined) {
    if (inputs.length > 1)
      throw new UsageError('--annotate takes one capture (mergecap joins several into one)')
    await checkTargets([{ path: annotate, format: 'text' }], inputsOf(inputs, options)).catch(error => {
      error.message = error.message.replace(/^-o /, '--annotate ')
      throw error
    })
  }
  const folder = extract === undefined ? undefined : await stat(extract).catch(() => undefined)
  if (folder && !folder.isDirectory()) throw outputError(extract as string, 'is no folder')
}

/** The redacted twin of an analysis, and names that tell the aliases apart at a glance: client-1, server-2. */
export interface Redacted {
  aliases: Aliases
  analysis: Analysis
  names: Names
}

export async function redactionOf(analysis: Analysis): Promise<Redacted> {
  const { aliasesFor, redactAnalysis } = await import('../redact/index.js')
  const aliases = aliasesFor(analysis)
  return { aliases, analysis: redactAnalysis(analysis, aliases), names: aliases.roles() }
}

/**
 * Writes what was asked for.
 * @param report what is shown, not redacted
 * @throws CaptureError, an error named "OutputError", or an AbortError after Ctrl-C
 */
export async function writeCaptures(
  analysis: Analysis,
  report: Report,
  { annotate, extract }: CaptureOptions,
  aliases: Aliases | undefined,
  io: Io,
): Promise<void> {
  if (annotate === undefined && extract === undefined) return
  const { annotateCapture, extractIncidents } = await import('../rewrite/index.js')
  const abort = new AbortController()
  const release = io.onInterrupt(() => abort.abort())
  const options = { report, signal: abort.signal, ...(aliases && { aliases }) }
  try {
    if (annotate !== undefined) await annotateCapture(analysis, annotate, options)
    if (extract === undefined) return
    const written = await extractIncidents(analysis, extract, options)
    const omitted = written.reduce((sum, file) => sum + file.omitted, 0)
    if (omitted > 0)
      await io.stderr.write(
        `rst-analyze: warning: --extract left out ${plural(omitted, 'packet')} of long connections\n`,
      )
  } finally {
    release()
  }
}
