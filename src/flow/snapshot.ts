/** A tracked connection as plain data of the model. Pure: may be called at any time, as often as wanted. */
import type {
  Connection,
  ConnectionFace,
  ConnectionOutline,
  Endpoint,
  Handshake,
  SideState,
} from '../model.js'
import type { AddressTexts } from './address-texts.js'
import { type ApplicationState, createApplicationState } from './application/index.js'
import type { TrackedConnection } from './connection.js'
import { NO_RSTS } from './further-rsts.js'
import type { KeyTable } from './key-table.js'
import { catchUp } from './quiet.js'
import { keptRows } from './retention.js'
import type { SegmentLog } from './segment-log.js'
import { segmentRecords } from './segment-records.js'
import type { TrackedSide } from './side.js'
import { ADDRESS_WORDS, ENDPOINT_WORDS, endOfTuple, TUPLE_WORDS } from './tuple.js'

/** What a snapshot needs besides the connection. */
export interface SnapshotContext {
  log: SegmentLog
  tuples: KeyTable
  addresses: AddressTexts
  /** The flow goes on: what the application said so far has to be copied, because it will say more. */
  goesOn: boolean
}

/**
 * @param id the connection's number in the report
 * @param previous number of the incarnation before it, where that is reported too
 */
export function snapshot(
  context: SnapshotContext,
  c: TrackedConnection,
  id: number,
  previous: number | undefined,
): Connection {
  return {
    ...face(context, c, id, previous),
    segments: segmentRecords(context.log, keptRows(context.log, c)),
  }
}

/** The same without its packets, which are most of what a connection costs. */
export function face(
  context: SnapshotContext,
  c: TrackedConnection,
  id: number,
  previous: number | undefined,
): ConnectionFace {
  const { goesOn } = context
  const { client, server } = c
  const serverEnd = endpoint(context, c, !c.clientLow)
  return {
    id,
    capture: c.capture,
    ipVersion: c.ipVersion,
    client: endpoint(context, c, c.clientLow),
    server: serverEnd,
    rolesCertain: c.rolesCertain,
    previous,
    encapsulation: [...c.encapsulation],
    history: c.history,
    handshake: handshake(c),
    firstTimeNs: c.firstTimeNs,
    lastTimeNs: c.lastTimeNs,
    sides: { client: sideState(client), server: sideState(server) },
    furtherRsts: (goesOn ? c.furtherRsts?.clone() : c.furtherRsts) ?? NO_RSTS,
    longestSurvivedSilenceNs: c.longestSilenceNs,
    copies: c.copies,
    unseenBytes: unseenBytes(c),
    application: stateOf(catchUp(c), serverEnd.port, goesOn),
    applicationAtRst: (c.frozen ?? []).map(f => ({
      beforeFrame: f.beforeFrame,
      capture: f.capture,
      state: stateOf(f.state, serverEnd.port, goesOn),
    })),
    icmpErrors: (c.icmpErrors ?? []).map(error => ({ ...error })),
  }
}

/** @param id the connection's number in the report */
export function outline(context: SnapshotContext, c: TrackedConnection, id: number): ConnectionOutline {
  return {
    id,
    client: endpoint(context, c, c.clientLow),
    server: endpoint(context, c, !c.clientLow),
    reset: c.reset,
  }
}

/** Shared, because a scan makes a million connections that never said anything. */
const SILENT = new Map<number, ApplicationState>()

function stateOf(state: ApplicationState | undefined, port: number, goesOn: boolean): ApplicationState {
  if (!state) return silentState(port)
  return goesOn ? structuredClone(state) : state
}

function silentState(port: number): ApplicationState {
  let state = SILENT.get(port)
  if (state === undefined) {
    state = createApplicationState(port)
    SILENT.set(port, state)
  }
  return state
}

/** Sequence space that was acknowledged and never seen, both sides together. */
export function unseenBytes(c: TrackedConnection): number {
  const { client, server } = c
  return (
    client.unseenBytes(server.acked ? server.ackedTo : undefined) +
    server.unseenBytes(client.acked ? client.ackedTo : undefined)
  )
}

const tuple = new Int32Array(TUPLE_WORDS)
const end = new Int32Array(ENDPOINT_WORDS)
const address = end.subarray(0, ADDRESS_WORDS)

/** One end of a connection as address and port. */
function endpoint({ tuples, addresses }: SnapshotContext, c: TrackedConnection, low: boolean): Endpoint {
  tuples.read(c.tuple, tuple)
  endOfTuple(tuple, low, end)
  return { address: addresses.text(address, c.ipVersion), port: end[4] }
}

function handshake(c: TrackedConnection): Handshake {
  if (!c.synSeen && !c.synAckSeen) return 'not-captured'
  if (c.synSeen && c.synAckSeen && c.handshakeAcked) return 'complete'
  return c.synAckSeen || c.beyondSyn ? 'partial' : 'none'
}

function sideState(side: TrackedSide): SideState {
  const { synSeen } = side
  return {
    isn: side.isnKnown ? side.isn >>> 0 : undefined,
    synSeen,
    mss: synSeen && side.mss >= 0 ? side.mss : undefined,
    windowScale: synSeen && side.windowScale >= 0 ? side.windowScale : undefined,
    sackPermitted: synSeen ? side.sackPermitted : undefined,
    timestamps: side.segments > 0 ? side.timestamps : undefined,
    segments: side.segments,
    payloadBytes: side.payloadBytes,
    dataSegments: side.dataSegments,
    retransmittedSegments: side.retransmittedSegments,
    firstTimeNs: side.segments > 0 ? side.firstTimeNs : undefined,
    lastTimeNs: side.segments > 0 ? side.lastTimeNs : undefined,
    hopLimits: hopLimits(side),
    minResponseNs: side.minResponseNs < Number.POSITIVE_INFINITY ? side.minResponseNs : undefined,
  }
}

function hopLimits(side: TrackedSide): { value: number; count: number }[] {
  const all = side.hopLimits
  return all.length > 1 ? all.sort((a, b) => b.count - a.count) : all
}
