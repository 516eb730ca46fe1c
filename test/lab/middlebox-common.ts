/** Words that many scenarios share: opening a connection, asking, and verdicts that come back again and again. */
import type { Rule, Side, Verdict } from './middlebox-label.ts'
import type { Path } from './middlebox-net.ts'
import { run, sleep } from './proc.ts'

export { sleep }
export const CLIENT = 'client.pcap'
export const SERVER = 'server.pcap'
export const ROUTER = 'router.pcap'
export const ANY = 'any.pcap'

export const get = (host: string, path = '/') =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n`

/** Opens a connection from the client to the server; the client's port, 0 when refused. */
export async function dial(lab: Path, id = 'a', options: object = {}): Promise<number> {
  const answer = await lab.ask('client', { do: 'connect', id, host: lab.target, port: 80, ...options })
  return answer.sport ?? 0
}

export const listen = (lab: Path, options: object = {}) =>
  lab.ask('server', { do: 'listen', port: 80, v6: lab.options.v6 ?? false, ...options })
export const send = (lab: Path, id: string, data: string) => lab.ask('client', { do: 'send', id, data })
export const recv = (lab: Path, id: string, bytes = 1, timeout = 2) =>
  lab.ask('client', { do: 'recv', id, bytes, timeout })
export const close = (lab: Path, id: string) => lab.ask('client', { do: 'close', id })

/** A request and its whole answer. */
export async function fetch(lab: Path, id = 'a', bytes = 600, host = 'shop.example') {
  await send(lab, id, get(host, '/items?page=2'))
  return recv(lab, id, bytes)
}

/** A connection that works and ends well, so that the capture shows how the server normally looks. */
export async function goodVisit(lab: Path, options: object = {}) {
  await dial(lab, 'good', options)
  await fetch(lab, 'good')
  await close(lab, 'good')
  await sleep(80)
}

/** Opens a connection whose two ends the scenario drives: client id `id`, server id `s<id>`. */
export async function open(lab: Path, id = 'a', options: object = {}) {
  const peer = await dial(lab, id, options)
  await lab.ask('server', { do: 'accepted', id: `s${id}`, peer })
  return peer
}

/** Client asks, server answers, both by hand. */
export async function exchange(lab: Path, id = 'a', question = 'PING 1\r\n', size = 40) {
  await send(lab, id, question)
  await lab.ask('server', { do: 'recv', id: `s${id}`, bytes: question.length })
  await lab.ask('server', { do: 'send', id: `s${id}`, size })
  await recv(lab, id, size)
}

/** A certificate for the server's TLS; path of the PEM file. */
export async function certificate(lab: Path, name: string) {
  const pem = `${lab.directory}.pem`
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30']
  await run('openssl', ['req', '-x509', ...key, '-keyout', pem, '-out', `${pem}.crt`, '-subj', `/CN=${name}`])
  await run('sh', ['-c', `cat ${pem}.crt >> ${pem}`])
  return pem
}

/** nftables text: one base chain in a table of its own. */
export const chain = (hook: string, lines: string[], type = 'filter', priority = '0') =>
  `table inet t${type}${hook} {\n chain c {\n type ${type} hook ${hook} priority ${priority}\n${lines.join('\n')}\n}\n}\n`

/** What a bare reset of a kernel that does not know the connection may stand for, seen alone. */
export const lostConnection = [
  'post-restart',
  'data-after-close',
  'nat-state-loss',
  'desynchronized',
  'unknown',
]

/** Header values no kernel would choose. */
export const odd = { ipid: 'random', win: 'random', df: false }

export const injected = (impact: string, more: Partial<Verdict> = {}): Verdict => ({
  origin: 'middlebox',
  cause: 'middlebox-injection',
  impact,
  ...more,
})

/** Forged frames in the name of `sender`, which the captures `files` must show. */
export const forgedRule = (sender: Side, files: string[], verdict: Verdict, at?: Rule['at']): Rule => ({
  name: `forged ${sender}`,
  sender,
  who: 'forged',
  in: files,
  verdict,
  ...(at && { at }),
})

/** Frames that the kernel of `sender` sent. */
export const genuine = (
  sender: Side,
  cause: string,
  impact: string,
  more: Partial<Verdict> = {},
  extra: Partial<Rule> = {},
): Rule => ({
  name: `genuine ${sender} ${cause}`,
  sender,
  who: 'kernel',
  verdict: { origin: 'endpoint', cause, impact, ...more },
  ...extra,
})

/** The genuine replies of a kernel that believed a forged reset, to what still arrived. */
export const aftermath = (sender: Side, at?: Rule['at']): Rule => {
  const verdict: Partial<Verdict> = {
    after: `forged ${sender === 'client' ? 'server' : 'client'}`,
    impactAcceptable: ['ignored'],
  }
  return genuine(sender, 'reset-aftermath', 'none', verdict, at && { at })
}

/** At a side where only such replies are seen: the peer lost the connection, and nobody there can say why. */
export const alone = (file: string, impact: string): Rule['at'] => ({
  [file]: {
    originAcceptable: ['unknown'],
    acceptable: lostConnection,
    impact,
    impactAcceptable: ['none', 'unknown', 'request-lost', 'transfer-cut'],
  },
})
