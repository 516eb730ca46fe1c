/** A mistake on the command line: one line on standard error, exit 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The one honest line for what the command line names but this version cannot do. */
export function unavailable(what: string): UsageError {
  return new UsageError(`${what} is not available in this version`)
}

/** Exit codes, as the contract promises them. */
export const EXIT = { ok: 0, failed: 1, usage: 2, matched: 3, interrupted: 130 } as const
