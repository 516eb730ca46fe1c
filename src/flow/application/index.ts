/** A peek into the payload: tags and counts of the application protocol, never bytes. */
export * from './exchange.js'
export { peek, peekFin } from './peek.js'
export * from './quiet.js'
export { insideRequestHead } from './http1.js'
export type { HttpHead, HttpState } from './http1-head.js'
export { type ProtocolId, protocolName } from './protocols.js'
export type { TlsAlert, TlsSide, TlsState } from './tls.js'
export {
  type ApplicationState,
  createApplicationState,
  type Framing,
  type PieceRole,
  type Rejection,
  type SideIndex,
  type SideState,
} from './state.js'
