import type { Facts } from '../evidence/facts.js'
import { against, contrary, decisive, defineCause, fair, must, strong, weak } from './define.js'
import { kernelSigns } from './kernel.js'

/** Alive (a packet of it) so shortly before, no FIN, and yet the connection is unknown: only a reset that this capture does not show does that. */
function forgotAtOnce(f: Facts): boolean {
  const aliveMs = (f.sinceSenderPacketMs ?? 1e9) - (f.triggerDelayMs ?? 0)
  return (
    f.active === false &&
    f.handshakeDone === true &&
    f.senderFinMs === undefined &&
    !f.finUnseen &&
    f.trigger !== 'syn-ack' &&
    f.senderPayloadBytes > 0 &&
    aliveMs < 150
  )
}

export default defineCause({
  id: 'reset-aftermath',
  title: 'Aftermath of another reset',
  family: 'established',
  means:
    'The connection had already been reset; the side that believed that reset no longer knows the connection and answers what still arrives. Not a cause of its own.',
  remedies: ['Look at the reset before it; this one needs nothing.'],
  nextChecks: [
    'Which reset came first, and who sent it? If none is in the capture, it passed elsewhere: capture on the host that sent this one.',
  ],
  cites: ['RFC 9293 §3.5.3', 'RFC 9293 §3.10.7.1'],
  mistakenFor: {
    'post-restart': 'then no reset came before, and the host had been away',
    'data-after-close': 'then a FIN of its sender came before, not a reset',
    'middlebox-injection': 'then this one is forged itself',
  },
  maker: 'endpoint',
  prior: 1,
  requires: [
    must(
      'the connection had been reset before in the name of the peer, or its sender forgot it within moments',
      f => f.resetBefore || f.forgedBefore || forgotAtOnce(f),
    ),
    must('this reset answers a segment that came later', f => f.active !== true),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    strong(
      'the client had been alive {sinceSenderPacketMs} before and had not closed: a reset that this capture does not show must have reached it',
      f => !f.resetBefore && f.sender === 'client' && forgotAtOnce(f),
    ),
    // A server may also have been killed or moved in that moment.
    weak(
      'the server had been alive {sinceSenderPacketMs} before and had not closed',
      f => !f.resetBefore && f.sender === 'server' && forgotAtOnce(f),
    ),
    decisive('an earlier reset had told its sender that the connection was over', f => f.resetBefore),
    decisive(
      'a device had forged a reset of this connection before, as a rule one to each side',
      f => f.forgedBefore && !f.resetBefore,
    ),
    strong('that earlier reset was forged', f => (f.resetBeforeForged ? true : undefined)),
    fair('it answers a segment', f => f.resetBefore && f.trigger !== undefined, ['trigger']),
    weak('its sender had not closed by itself', f => f.resetBefore && f.senderFinMs === undefined),
    against("it bears the connection's IPv6 flow label: its maker still knew the connection", f =>
      f.linuxSender && f.active === false ? f.flowLabelKept : undefined,
    ),
    contrary(
      'something speaks for a device on the path',
      f => f.forgerySuspected && !f.resetBefore && !(f.forgedBefore && f.forgedProbability < 0.35),
    ),
    contrary('the two resets crossed: both sides aborted', f => f.active === true),
    ...kernelSigns('reset-aftermath'),
  ],
  summary: (f, n) =>
    `${n.sender} had believed ${f.resetBeforeForged || f.forgedBefore ? 'a forged' : 'an earlier'} reset and answered what still arrived from ${n.peer}`,
})
