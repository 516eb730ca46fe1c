/** Captures that saw too little: cut from whole ones, whose truth is known. */
import { FIN, type Frame, RST } from './capture.ts'
import type { Truth } from './labels.ts'
import { sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { answer, exchange, get, pair, unknown } from './talk.ts'

export const onlyResets = (f: Frame) => (f.flags & RST) !== 0
export const fromResetter = (f: Frame, all: Frame[]) => f.source === all.find(x => x.flags & RST)?.source
/** The last segment before the first RST, and the RSTs. */
export const lastWord = (f: Frame, all: Frame[]) => {
  const first = all.findIndex(x => x.flags & RST)
  return (f.flags & RST) !== 0 || f.number === all[first - 1]?.number
}
const withoutHandshakeOrFin = (side: (f: Frame, all: Frame[]) => boolean) => (f: Frame, all: Frame[]) =>
  side(f, all) && f.number > 3 && (f.flags & FIN) === 0

export const passive = unknown(
  'post-restart',
  'data-after-close',
  'nat-state-loss',
  'idle-timeout',
  'keep-alive-race',
  'desynchronized',
)
export const active = unknown(
  'abortive-close',
  'unread-data-close',
  'idle-timeout',
  'process-crash',
  'benign-teardown',
  'max-lifetime',
)

export async function lateRequest(lab: Lab, port: number) {
  const { near, far } = await pair(lab, port)
  await exchange(near, far)
  await sleep(1500)
  await far.close()
  await sleep(1200)
  await near.send(get('/again'))
  await sleep(100)
  await near.close()
}

export async function abortWhileBusy(lab: Lab, port: number, who: 'near' | 'far') {
  const both = await pair(lab, port)
  await exchange(both.near, both.far)
  await both.near.send(get('/second'))
  await both.far.recv()
  await sleep(200)
  await both[who].abort()
  await sleep(50)
}

const race: Truth = { cause: 'keep-alive-race', impact: 'request-lost' }
const abort: Truth = { cause: 'abortive-close', impact: 'request-lost' }

export const unknownScenarios: Scenario[] = [
  {
    name: 'unknown-lone-passive',
    about: 'Of a reused keep-alive connection only the bare RST was captured.',
    vantages: ['client', 'server:64'],
    cuts: { 'lone.pcap': { of: 'client', keep: onlyResets, truth: passive } },
    truth: race,
    run: lab => lateRequest(lab, 8080),
  },
  {
    name: 'unknown-lone-active',
    about: 'Of an aborted connection only the RST with ACK was captured, at either end.',
    network: { delay: 5 },
    vantages: ['client', 'server:80'],
    cuts: {
      'lone-client.pcap': { of: 'client', keep: onlyResets, truth: active },
      'lone-server.pcap': { of: 'server', keep: onlyResets, truth: active },
    },
    truth: abort,
    run: lab => abortWhileBusy(lab, 443, 'far'),
  },
  {
    name: 'unknown-last-word',
    about: 'The capture began just before the end: one data segment, then the bare RST that answers it.',
    heldOut: true,
    network: { delay: 8, hops: 3 },
    vantages: ['client', 'router:96'],
    cuts: {
      'last.pcap': { of: 'client', keep: lastWord, truth: passive },
      'last-router.pcap': { of: 'router', keep: lastWord, truth: passive },
    },
    truth: race,
    run: lab => lateRequest(lab, 9200),
  },
  {
    name: 'unknown-lone-v6',
    about: 'Only the RST of an aborted connection over IPv6.',
    heldOut: true,
    network: { v6: true, delay: 3 },
    vantages: ['client:110'],
    cuts: { 'lone.pcap': { of: 'client', keep: onlyResets, truth: active } },
    truth: abort,
    run: lab => abortWhileBusy(lab, 8443, 'near'),
  },
  {
    name: 'unknown-one-direction',
    about: 'A router saw one direction only, and that from the middle: acknowledgements, then a bare RST.',
    vantages: ['router', 'client:96'],
    network: { delay: 6 },
    cuts: { 'one-way.pcap': { of: 'router', keep: withoutHandshakeOrFin(fromResetter), truth: passive } },
    truth: { cause: 'data-after-close', impact: 'transfer-cut' },
    run: async lab => {
      const { near, far } = await pair(lab, 8080)
      await near.send(get('/stream'))
      await far.recv()
      const stream = far.stream(300, 0.03, 1)
      await near.readThenClose(0.3)
      await stream
    },
  },
  {
    name: 'unknown-one-direction-v6',
    about: 'One direction of an IPv6 connection, from the middle, up to its active reset.',
    heldOut: true,
    network: { v6: true },
    vantages: ['router:120', 'server'],
    cuts: {
      'one-way.pcap': {
        of: 'router',
        keep: withoutHandshakeOrFin(fromResetter),
        truth: { ...active, acceptable: [...active.acceptable!, 'application-reject'] },
      },
    },
    truth: abort,
    run: async lab => {
      const { near, far } = await pair(lab, 7070)
      await near.send('begin\n')
      await far.recv()
      await far.send(answer('part\n'))
      await near.recv()
      await near.send('more\n')
      await far.recv()
      await sleep(300)
      await far.abort()
    },
  },
]
