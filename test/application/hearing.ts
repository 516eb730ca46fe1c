/** What the test and the fuzzer of the payload peek both do with an application state. */
import * as application from '../../src/flow/application/index.ts'

export interface Piece {
  side: 0 | 1
  data: Uint8Array
}

/** All that is ever asked of a state. */
export function questions(state: application.ApplicationState): unknown[] {
  return [
    application.requestOutstanding(state),
    application.exchangeComplete(state),
    application.responseInProgress(state),
    application.requestInProgress(state),
    application.stage(state),
    application.lastRejection(state),
    application.probableAlert(state),
    application.applicationName(state),
  ]
}

/** The state without what depends on how the bytes were cut into pieces. */
export function comparable(state: application.ApplicationState): unknown {
  const copy = JSON.parse(JSON.stringify(state))
  for (const side of copy.sides) delete side.lastPiece
  return copy
}

/**
 * The same conversation heard as it came and in other segments: what both may be compared by; undefined once boundaries are lost, because then the start
 * of a piece is the only hint there is.
 * @param cut length of the next segment
 */
export function heardTwice(
  pieces: Iterable<Piece>,
  cut: () => number,
  port = 0,
): { whole: unknown; cut: unknown } | undefined {
  const [one, other] = [application.createApplicationState(port), application.createApplicationState(port)]
  let lost = false
  const hear = (state: application.ApplicationState, { side, data }: Piece, at: number, to: number) => {
    application.peek(state, side, data, at, to, 0, 0, 1)
    lost ||= state.sides.some(side => side.framing === 'lost')
  }
  for (const piece of pieces) {
    const { length } = piece.data
    hear(one, piece, 0, length)
    for (let at = 0; at < length; ) {
      const to = Math.min(length, at + cut())
      hear(other, piece, at, to)
      at = to
    }
  }
  return lost ? undefined : { whole: comparable(one), cut: comparable(other) }
}
