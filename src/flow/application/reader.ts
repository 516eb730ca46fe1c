import type { ApplicationState, SideIndex } from './state.js'

/**
 * One protocol. `data[from .. to)` are the bytes at a boundary, at most `UNIT_LIMIT` of them. What a function answers for
 * some bytes must not change when more bytes follow, else segment boundaries would change the outcome.
 */
export interface Reader {
  /** Do a side's first bytes speak this protocol? undefined = more needed. Absent: entered from another protocol only. */
  recognise?(
    data: Uint8Array,
    from: number,
    to: number,
    side: SideIndex,
    serverPort: number,
  ): boolean | undefined
  /** Called once when the protocol has been recognised or switched to. */
  enter?(state: ApplicationState): void
  /**
   * Reads one unit and sets `skip` for the body behind it. Answers the bytes consumed, 0 = more bytes needed,
   * -1 = this makes no sense in the protocol.
   */
  unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number
  /**
   * The snap length cut the unit that begins at `from`: nothing behind `to` was recorded. For what can be said all the same, as a rule a
   * refusal by its first words; the framing is lost afterwards.
   */
  cutShort?(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): void
  /** `skip` has reached 0 and, because `skipEndsMessage`, the message has been ended. */
  messageSkipped?(state: ApplicationState, side: SideIndex): void
  /** `resumes` is hard to hit by accident: it may recognise the protocol in the middle of a stream. */
  midstream?: boolean
  /** After missing bytes, the protocol being known: does a message (or a unit) begin at the start of this piece? */
  resumes?(data: Uint8Array, from: number, to: number, side: SideIndex): boolean
  /** Called when `resumes` said yes, before the unit is read and after the counts were settled. */
  resume?(state: ApplicationState, side: SideIndex): void
}
