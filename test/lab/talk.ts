/** Conversations that scenarios are made of, and truths several share. */
import type { Options, Socket } from './host.ts'
import type { Observed, Truth } from './labels.ts'
import type { Lab } from './scenario.ts'

export const get = (path = '/', host = 'lab.example', headers = '') =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: lab/1.0\r\nAccept: */*\r\n${headers}\r\n`

export const post = (path: string, length: number, headers = '') =>
  `POST ${path} HTTP/1.1\r\nHost: lab.example\r\nContent-Type: application/octet-stream\r\nContent-Length: ${length}\r\n${headers}\r\n`

export const answer = (body: string, status = '200 OK', headers = '') =>
  `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`

/** The head of an answer that is not expected to end. */
export const streaming =
  'HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 50000000\r\n\r\n'

export interface Pair {
  near: Socket
  far: Socket
  listener: Socket
}

/** A listener, a connection to it (near: the client's end), and its server end (far). */
export async function pair(
  lab: Lab,
  port: number,
  opts: { near?: Options; far?: Options; local?: number } = {},
): Promise<Pair> {
  const listener = await lab.server.agent.listen(port)
  const local = opts.local ? { local: opts.local } : {}
  const near = await lab.client.agent.connect(lab.server.address, port, {
    ...local,
    ...(opts.near ? { opts: opts.near } : {}),
  })
  return { near, far: await listener.accept(opts.far), listener }
}

/** Further connections to the same listener. */
export async function more(
  lab: Lab,
  listener: Socket,
  port: number,
  count: number,
): Promise<{ near: Socket; far: Socket }[]> {
  const pairs = []
  for (let i = 0; i < count; i++) {
    const near = await lab.client.agent.connect(lab.server.address, port)
    pairs.push({ near, far: await listener.accept() })
  }
  return pairs
}

/** One request and its whole answer. */
export async function exchange(near: Socket, far: Socket, path = '/', body = 'hello from the lab\n') {
  await near.send(get(path))
  await far.recv()
  await far.send(answer(body))
  await near.recv()
}

export const spoken = (request: string, reply: string) => async (near: Socket, far: Socket) => {
  await near.send(request)
  await far.recv()
  await far.send(reply)
  await near.recv()
}

/** A TCP option in hex: MSS 1460, all that simple raw senders put into a SYN. */
export const mss = '020405b4'
export const SYN = 2
export const RST = 4
export const ACK = 16
export const SYNACK = 18
export const PSHACK = 24

/** Where a connect that met a closed port is only a bystander of the story. */
export const refused: Truth = { cause: 'port-closed', impact: 'connect-failed' }

/** Nothing but the reset is known. */
export const unknown = (...could: string[]): Truth => ({
  cause: 'unknown',
  acceptable: could,
  originAcceptable: ['unknown'],
  impact: 'unknown',
  impactAcceptable: ['none', 'request-lost', 'transfer-cut', 'connect-failed', 'ignored'],
})

/** One truth for the server's resets, one for the client's. */
export const bySender =
  (server: Truth, client: Truth) =>
  (reset: Observed): Truth =>
    reset.sender === 'server' ? server : client

/** Settings of hosts that use fewer TCP options. */
export const noTimestamps = { 'ipv4/tcp_timestamps': 0 }
export const plainTcp = { ...noTimestamps, 'ipv4/tcp_sack': 0, 'ipv4/tcp_window_scaling': 0 }
