import type { Facts } from '../evidence/facts.js'
import { decisive, defineCause, fair, must, weak } from './define.js'
import { kernelSigns } from './kernel.js'
import { BURST, probesFromOnePort } from './thresholds.js'

/** Its sender had closed and the peer's data met that: what the capture lost besides does not change the reason. */
function metFin(f: Facts): boolean {
  return f.senderFinMs !== undefined && f.dataAfterFinBytes > 0
}

export default defineCause({
  id: 'unknown',
  title: 'Cannot be told',
  family: 'established',
  means:
    'The capture does not show enough to tell one cause from another. What is missing is listed under the checks, with the commands that would show it.',
  remedies: ['Capture again as shown under the checks, then run rst-analyze on the new capture.'],
  nextChecks: [
    'Capture on both ends at the same time, from before the connection opens until after the reset.',
  ],
  cites: [],
  mistakenFor: {},
  maker: 'either',
  prior: 1,
  requires: [must('too little is visible', () => true)],
  signs: [
    decisive('nothing of the connection but the reset was captured', f => f.orphan && f.burstCount < BURST),
    fair(
      'one direction of the connection is missing',
      f =>
        !f.orphan &&
        !f.bothSidesSeen &&
        f.trigger !== 'syn' &&
        f.handshakeDone !== false &&
        !probesFromOnePort(f),
    ),
    fair(
      'the capture begins in the middle of the connection',
      f =>
        !f.orphan &&
        f.midCapture &&
        !f.payloadSeen &&
        f.senderFinMs === undefined &&
        // What was made by hand has no beginning that could be missing.
        !probesFromOnePort(f),
    ),
    fair('part of what its sender had said was not captured', f => f.senderGap && !metFin(f)),
    fair(
      'it answers something that was not captured',
      f => f.active === false && f.triggerUnseen && !metFin(f),
    ),
    fair('it answers nothing that is visible', f => f.active === undefined && f.trigger === undefined),
    weak('the signs who sent it contradict each other', f => f.origin === 'unknown' && !f.orphan),
    ...kernelSigns('unknown'),
  ],
  summary: (f, n) =>
    f.orphan
      ? `a lone reset in the name of ${n.sender}: nothing else of the connection was captured`
      : `the capture does not tell why ${n.sender} reset the connection with ${n.peer}`,
})
