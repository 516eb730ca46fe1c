/** All scenarios of the middlebox lab, in the order in which they start: those that mostly wait come first. */
import { balancers } from './middlebox-balancer.ts'
import { blindDevices } from './middlebox-blind.ts'
import { dpi } from './middlebox-dpi.ts'
import { hiddenDpi } from './middlebox-dpi-hidden.ts'
import { examDevices } from './exam-devices.ts'
import { examInjectors } from './exam-injectors.ts'
import { examPaths } from './exam-paths.ts'
import { fourthDevices } from './fourth-devices.ts'
import { firewalls } from './middlebox-firewall.ts'
import { aborts } from './middlebox-genuine.ts'
import { hard } from './middlebox-hard.ts'
import { idle } from './middlebox-idle.ts'
import { blindAttacks, mirrored } from './middlebox-mirror.ts'
import { mixed } from './middlebox-mixed.ts'
import type { PathOptions } from './middlebox-net.ts'
import { injectorPlaces } from './middlebox-places.ts'
import { plain } from './middlebox-proxied.ts'
import { losses } from './middlebox-state-loss.ts'
import { tamper } from './middlebox-tamper.ts'
import { traps } from './middlebox-traps.ts'
import { proxyTraps } from './middlebox-traps-proxy.ts'
import { turns } from './middlebox-turns.ts'
import type { Scenario } from './middlebox.ts'
import { thirdDevices } from './third-devices.ts'

const waiting = [...idle, ...balancers]
const genuine = [...aborts, ...plain, ...traps, ...proxyTraps]
const accused = [...dpi, ...hiddenDpi, ...tamper, ...firewalls, ...losses, ...blindAttacks]
const originals = [...waiting, ...genuine, ...accused, ...mirrored, ...hard, ...mixed]

/** The same play on another stage. */
function variant(name: string, word: string, path: PathOptions, rest: Partial<Scenario> = {}): Scenario {
  const base = originals.find(s => s.name === name)
  if (!base) throw new Error(`no scenario ${name} to vary`)
  const stage = [
    path.v6 ? 'IPv6' : '',
    path.serverTtl ? `a server with TTL ${path.serverTtl}` : '',
    rest.snaplen ? `frames cut at ${rest.snaplen} bytes` : '',
    path.jitter ? `${path.jitter * 100} % jitter` : '',
    path.delayMs ? `a round trip of ${2 * path.delayMs} ms` : '',
  ].filter(Boolean)
  return {
    ...base,
    ...rest,
    name: `${name}-${word}`,
    about: `${base.about} Here: ${stage.join(', ')}.`,
    path: { ...base.path, ...path },
  }
}

const overV6: [string, number][] = [
  ['lb-idle-ttl-copied', 17],
  ['lb-idle-both-at-expiry', 25],
  ['ct-idle-server-speaks', 14],
  ['trap-crossing-abort', 31],
  ['trap-path-change', 22],
  ['trap-path-change-late', 18],
  ['trap-reordered-rst', 24],
  ['trap-linux-ipid0', 17],
  ['trap-gtsm-ttl', 20],
  ['trap-jitter', 25],
  ['trap-rtt-shrinks', 30],
  ['dpi-ttl-copied-late-data', 28],
  ['dpi-fingerprint', 26],
  ['dpi-perfect-mimic', 19],
  ['dpi-response-keyword', 21],
  ['dpi-sandvine', 33],
  ['dpi-mid-capture', 20],
  ['tamper-psh', 23],
  ['tamper-syn-rst', 30],
  ['fw-reject-far-router', 23],
  ['fw-reject-appliance', 18],
  ['genuine-mid-capture', 26],
  ['genuine-late-data', 24],
  ['genuine-client-abort', 18],
  ['genuine-connect-given-up', 34],
]

const otherwise: Scenario[] = [
  variant('ct-idle-client-speaks', 'ttl128', { delayMs: 24, serverTtl: 128 }),
  variant('trap-idle-endpoint', 'slow', { delayMs: 36, jitter: 0.15 }, { clock: { 'server.pcap': 1700 } }),
  variant('genuine-restart', 'ttl128', { delayMs: 16, serverTtl: 128 }, { clock: {} }),
  variant('genuine-restart', 'jitter', { delayMs: 33, jitter: 0.25 }, { clock: {} }),
  variant('trap-crossing-abort', 'ttl128', { delayMs: 19, serverTtl: 128 }),
  variant('dpi-gfw-http', 'ttl128', { delayMs: 22, serverTtl: 128 }),
  variant('dpi-gfw-http', 'cut', { delayMs: 12 }, { snaplen: 64 }),
  variant('dpi-single-255', 'slow', { delayMs: 37, jitter: 0.2 }, { clock: { 'client.pcap': -42_500 } }),
  variant('dpi-fingerprint', 'ttl128', { delayMs: 15, serverTtl: 128 }),
  variant('fw-reject-router', 'ttl128', { delayMs: 25, serverTtl: 128 }),
  variant('nat-flush-burst', 'slow', { delayMs: 35, jitter: 0.15 }, { snaplen: 128 }),
  variant('nat-flush-snat', 'slow', { delayMs: 33, jitter: 0.15 }),
  variant('asym-route-firewall', 'fast', { delayMs: 11 }),
  variant('synproxy-mangles-seq', 'slow', { delayMs: 34 }),
  variant('k8s-invalid-leak', 'slow', { delayMs: 31 }),
]

const v6 = overV6.map(([name, delayMs]) => variant(name, 'v6', { v6: true, delayMs }))
export const scenarios: Scenario[] = [
  ...originals,
  ...v6,
  ...otherwise,
  ...injectorPlaces,
  ...turns,
  ...blindDevices,
  ...examDevices,
  ...examInjectors,
  ...examPaths,
  ...thirdDevices,
  ...fourthDevices,
]

const sleepy = waiting.map(s => s.name)
/** Mostly sleeps: a device's or an endpoint's idle timer is in it. */
export const isWaiting = (scenario: Scenario) => sleepy.some(name => scenario.name.startsWith(name))
