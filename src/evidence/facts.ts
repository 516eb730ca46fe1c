/**
 * What the judge knows of one reset: named measurements, no packets. Causes are predicates over this and nothing else.
 * `undefined` means that this capture cannot tell; it never means no. Names carry their units.
 *
 * A class, so that all facts have one hidden class: a judgement reads some three hundred of them. Undeclared in a literal with as many
 * spreads they took 0.7 ms a reset, as a dictionary three times as long to read.
 */
import type { Origin, Side } from '../model.js'
import type { TriggerKind } from './trigger.js'

export class Facts {
  // ── who and which stage
  /** Side in whose name the reset was sent. */
  sender!: Side
  /** The SYN or SYN-ACK shows who is client; else it is a guess. */
  rolesCertain!: boolean
  /** Probability that a device on the path made it, and what origin.ts concluded. */
  forgedProbability!: number
  origin!: Origin
  /** Some sign speaks for a device, conclusive or not. */
  forgerySuspected!: boolean
  /** No other packet of the connection is in the capture. */
  orphan!: boolean
  /** Both directions were seen before the reset. */
  bothSidesSeen!: boolean
  synSeen!: boolean
  synAckSeen!: boolean
  /** The three-way handshake was completed, or traffic shows that it had been before the capture began. */
  handshakeDone!: boolean | undefined
  /** The capture began in the middle of the connection. */
  midCapture!: boolean
  /** Any payload crossed (not counting a SYN's). */
  payloadSeen!: boolean
  senderPayloadBytes!: number
  peerPayloadBytes!: number
  /** Segments of the sender after its SYN or SYN-ACK, as far as kept. */
  senderSegments!: number
  /** The peer's last payload was pushed (PSH) and acknowledged, and nothing followed: as far as TCP shows, it had said what it wanted to say. */
  peerPaused!: boolean | undefined
  senderPaused!: boolean | undefined
  /** Payload of the newest turn (bytes since the other side last sent any), and whose it is. */
  turnBytes!: number
  turnSide!: Side | undefined
  /** That turn came in four or more pushed pieces, and the next one was not overdue. */
  turnStreamed!: boolean
  /** The sender's packets have the shape of a modern Linux host. */
  linuxSender!: boolean

  // ── active or passive, and what it answers
  /** True: a socket reset itself (RST+ACK). False: a stack answered a segment. */
  active!: boolean | undefined
  trigger!: TriggerKind | undefined
  triggerDelayMs!: number | undefined
  /** The answered segment began a new application message (a request); false: it continued one. */
  triggerStartsMessage!: boolean | undefined
  /** The peer acknowledged something that the sender never sent, and the reset answers that. */
  triggerAckUnacceptable!: boolean | undefined
  /** The reset bears the connection's own IPv6 flow label; false: another one. Undefined where that tells nothing. */
  flowLabelKept!: boolean | undefined
  /** A stack answered something that this capture does not show. */
  triggerUnseen!: boolean
  /** The peer had acknowledged one more than was seen of the sender: its FIN is missing in the capture. */
  finUnseen!: boolean
  /** RST.seq minus the sender's next sequence number. */
  seqOffsetBytes!: number | undefined
  /** RST frames of this reset, and distinct sequence numbers among them. */
  rstFrames!: number
  distinctSeqs!: number
  /** Moments at which RSTs of this reset came: what was recorded twice, or answers segments sent in one go, counts once. */
  rstMoments!: number

  // ── time
  /** Since the SYN; undefined when it was not captured. */
  ageMs!: number | undefined
  /** The longest gap since the sender's last sign of life. */
  silenceMs!: number | undefined
  silenceEndedByReset!: boolean | undefined
  /** What ended the silence had been said before it: a retransmission (RFC 6298), so its sender had been waiting. */
  silenceEndedByRepeat!: boolean | undefined
  dataSilenceMs!: number | undefined
  sinceSenderPacketMs!: number | undefined
  sincePeerPacketMs!: number | undefined
  /** Smallest response times seen from the capture point. */
  senderResponseMs!: number | undefined
  peerResponseMs!: number | undefined
  /** Longest silence that connections of the same listener survived. */
  survivedSilenceMs!: number | undefined
  /** Resets of the same listener and sender whose silence is the same within 5 % (this one not counted). */
  sameSilenceCount!: number
  /** Resets of the same listener and sender at the same connection age within 3 %, after differing silences. */
  sameAgeCount!: number

  // ── closing
  /** The sender's FIN preceded the reset, by so much. */
  senderFinMs!: number | undefined
  /** The peer's FIN preceded the reset, by so much. */
  peerFinMs!: number | undefined
  /** That FIN lies behind data that never arrived: the sender did not know of it. */
  peerFinUntaken!: boolean
  /** The peer's FIN stood before the sender's. */
  peerClosedFirst!: boolean | undefined
  /** Silence right before the sender's FIN. */
  silenceBeforeFinMs!: number | undefined
  /** Time from the sender's FIN to the first new payload of the peer after it; negative when it crossed. */
  dataAfterFinMs!: number | undefined
  dataAfterFinBytes!: number
  /** The first payload that met the sender's FIN began a new request. */
  dataAfterFinStartsMessage!: boolean | undefined
  /** That payload is nothing but a TLS alert or closing record. */
  dataAfterFinIsGoodbye!: boolean | undefined
  /** What the peer had sent last before the sender's FIN was never answered; undefined where it is encrypted, for a handshake may end with the client. */
  answerDueAtFin!: boolean | undefined
  /** The sender's own last words before its FIN stood unanswered for more than half a second; false where it is encrypted. */
  gaveUpWaiting!: boolean
  /** FIN and reset came together (within a millisecond). */
  finWithReset!: boolean

  // ── numbers
  senderUnackedBytes!: number | undefined
  peerUnackedBytes!: number | undefined
  /** The same, with what had been sent too late to arrive before the reset left. */
  peerUnderwayBytes!: number | undefined
  ackOffsetBytes!: number | undefined
  windowShrunk!: number | undefined
  resetWindowRatio!: number | undefined
  unreadBytes!: number | undefined
  /** The peer's payload was the last that was sent. */
  peerSpokeLast!: boolean | undefined
  /** Time since the peer's last new payload. */
  sincePeerDataMs!: number | undefined
  sinceSenderDataMs!: number | undefined

  // ── waiting in vain
  /** In the eyes of the sender: an answer that was lost on the way back is none. */
  keepaliveUnanswered!: number
  keepaliveIntervalMs!: number | undefined
  windowProbes!: number
  zeroWindowMs!: number | undefined
  retransmissions!: number
  /** Since the peer was last heard by the sender. */
  peerSilentMs!: number | undefined
  /** Packets of the peer that are in the capture and never reached the sender, as its repetitions show; undefined when there are none. */
  unheardAnswers!: number | undefined
  gaveUpSilently!: boolean
  /** The peer repeated segments that the sender never acknowledged. */
  peerRetransmissions!: number

  // ── application
  /** Protocol name as printed, e.g. "HTTP", "TLS api.example.com". */
  application!: string | undefined
  encrypted!: boolean
  requestOutstanding!: boolean | undefined
  /** A message (body, upload, download) was cut: which side's. */
  responseInProgress!: boolean | undefined
  requestInProgress!: boolean | undefined
  /** The client had not even ended the head of its request: no body is involved. */
  requestHeadOnly!: boolean
  /** Everything asked was answered completely. */
  exchangeComplete!: boolean | undefined
  exchanges!: number
  /** The sender's own last words were a refusal, and when. */
  senderRejection!: string | undefined
  senderRejectionMs!: number | undefined
  peerRejection!: string | undefined
  peerRejectionMs!: number | undefined
  /** Segments of the reset's sender are missing in the capture: what it had said is not all known. */
  senderGap!: boolean
  /** The server refused what the client was still sending. */
  refusedMidRequest!: boolean | undefined
  /** The sender announced that it is about to close (Connection: close, close_notify, QUIT). */
  senderSaidClosing!: boolean
  peerSaidClosing!: boolean
  mismatch!: string | undefined
  /** The session the client asked for never came about: a TLS handshake that ended in a fatal alert, or the wrong protocol. */
  sessionRefused!: boolean
  resetText!: string | undefined
  mptcpResetReason!: number | undefined

  // ── if a device had a hand in it
  /** The answered segment continues another connection of the same port, under another address: that connection, "10.72.1.1:40001 > 10.73.0.2:7000". */
  leakedFrom!: string | undefined
  /** What it reacted to, as far as can be seen, in words that follow "after": `the TLS server name "…"`. Hostile text possible; bounded. */
  reactedTo!: string | undefined
  /** Another name under which the same server answers in this capture. */
  spared!: string | undefined
  /** The form in which a stack or a packet filter refuses a segment it has no state for: bare, window 0, no options, IP ID 0. */
  refusalForm!: boolean | undefined
  /** The answered segment was the first data of its side. */
  firstWords!: boolean | undefined
  /** New data came in the sender's name after the reset. */
  senderWentOn!: boolean
  /** The sender acknowledged data that had not reached it when the reset left it: its socket lived on. */
  senderTookMore!: boolean
  /** Comparison of two captures only: the answered segment reached the other end all the same, or never did. */
  triggerArrived!: boolean | undefined

  // ── other resets of this connection
  /** Another emitter had reset this connection before, in the peer's name. */
  resetBefore!: boolean
  /** That earlier reset was judged to be forged. */
  resetBeforeForged!: boolean
  /** Some reset of this connection before this one, in whoever's name, was forged: a device was at work on it. */
  forgedBefore!: boolean
  resetBeforeId!: string | undefined
  /** Both sides were reset within the same moment. */
  mirrored!: boolean
  /** The connection went on after the reset: new data in both directions. */
  wentOn!: boolean | undefined

  // ── neighbours
  /** Connections that the same sender (listener or client) reset within half a second, this one included. */
  burstCount!: number
  burstSpanMs!: number | undefined
  refusalsAfter!: number | undefined
  /** The port had accepted before, and its newest answer to a SYN before the reset was a refusal. */
  portRefuses!: boolean | undefined
  nextAcceptMs!: number | undefined
  acceptedBefore!: boolean | undefined
  /** Connections of the same host (any port, any peer) that were open together with this one and denied without a FIN, this one included. */
  forgottenCount!: number
  /** Shortest silence among those. */
  forgottenSilenceMs!: number | undefined
  /** Hosts that denied connections of this same peer without a FIN at about the same time, this one included; 0 where this reset is no such denial. */
  forgetfulHosts!: number
  /** Ports or hosts the connection's client tried over the capture, and how many attempts were refused. */
  sourceListeners!: number
  sourceHosts!: number
  sourcePorts!: number
  sourceRefused!: number
  /** Reset connections of the source, by listener, in which it sent no data. */
  sourceSilent!: number
  sourceSyns!: number | undefined
  /** Listeners that its client touched from this very port and had reset without having sent data. */
  samePortListeners!: number
  /** Attempts per second of the source over its active time. */
  sourceRate!: number | undefined
  /** Connections of this client to this listener that it reset without sending a request, this one included, and the spread of their spacing. */
  probeCount!: number
  probePeriodMs!: number | undefined
  probeJitter!: number | undefined
  /** The client got through to the same port within 3 s. */
  retrySucceeded!: boolean | undefined
  retryMs!: number | undefined
  /** While this attempt waited, another one of the client for the same port was accepted. */
  raceWon!: boolean
  /** A new SYN of the same 4-tuple with the same ISN followed and was accepted. */
  synRepeated!: boolean
  /** The 4-tuple had been used by an earlier connection in this capture. */
  tupleReused!: boolean
  /** A pure ACK answered the SYN (challenge ACK, RFC 5961 §4). */
  challengeAck!: boolean
  /** Time from the client's first segment after the SYN-ACK (its handshake ACK) to the reset. */
  sinceHandshakeAckMs!: number | undefined
  /** The server's SYN-ACK acknowledged something else than the SYN. */
  strangeSynAck!: boolean
  /** The SYN of the connection came once more after both sides had closed it, and the reset answers what followed. */
  oldSyn!: boolean
  /** The real host answered the same SYN by SYN-ACK as well. */
  realAnswer!: boolean
  /** What the sender's own host said through the kernel (live on Linux only). */
  kernelReason!: string | undefined
}

/** A measured fact and the frames that show it. */
export interface FactSheet {
  facts: Facts
  frames: Partial<Record<keyof Facts, number[]>>
}

export type FactName = keyof Facts

/** In order of declaration. */
export const FACT_NAMES = Object.keys(new Facts()) as FactName[]
