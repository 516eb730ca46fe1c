/** Processes that die, and hosts that come back without memory. */
import type { Observed, Truth } from './labels.ts'
import type { Agent, Socket } from './host.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { redis } from './servers.ts'
import { answer, exchange, get, more, pair, refused, spoken } from './talk.ts'

const crash: Truth = { cause: 'process-crash', impact: 'request-lost' }

/** Connects refused after the crash are a plain closed port; the rest is the crash. */
const crashJudge =
  (truth: Truth) =>
  (reset: Observed): Truth =>
    reset.sender === 'server' && reset.kernelReason === 'NO_SOCKET' && reset.frames.length === 1
      ? { ...refused, acceptable: ['process-crash'] }
      : truth

async function knock({ client, server }: Lab, port: number, times: number) {
  for (let i = 0; i < times; i++) {
    await sleep(150)
    await quiet(client.agent.connect(server.address, port))
  }
}

/** A process of its own that listens; `count` connections to it, all used once. */
async function victims(
  lab: Lab,
  port: number,
  count: number,
): Promise<{ agent: Agent; ends: { near: Socket; far: Socket }[] }> {
  const agent = lab.server.newAgent()
  const listener = await agent.listen(port)
  const ends = await more(lab, listener, port, count)
  for (const { near, far } of ends) await exchange(near, far)
  return { agent, ends }
}

const crashes: Scenario[] = [
  {
    name: 'crash-kill9-unread',
    about:
      'A server process with eight connections is killed while requests wait unread; afterwards its port refuses.',
    vantages: ['client:128', 'server:96'],
    truth: crashJudge(crash),
    run: async lab => {
      const { agent, ends } = await victims(lab, 8080, 8)
      for (const { near } of ends) await near.send(get('/work'))
      await sleep(150)
      await agent.kill()
      await knock(lab, 8080, 3)
    },
  },
  {
    name: 'crash-kill9-v6',
    about: 'A server process with five connections over IPv6 is killed with requests unread.',
    heldOut: true,
    network: { v6: true, delay: 14, hops: 6 },
    vantages: ['client:110', 'router:110'],
    truth: crashJudge(crash),
    run: async lab => {
      const { agent, ends } = await victims(lab, 8443, 5)
      for (const { near } of ends) await near.send('command that will not be read\n')
      await sleep(120)
      await agent.kill()
      await knock(lab, 8443, 2)
    },
  },
  {
    name: 'crash-redis',
    about:
      'redis-server hangs (stopped), six clients send commands, then it is killed; three idle clients get a FIN instead.',
    vantages: ['client:128', 'server:128'],
    truth: crashJudge(crash),
    run: async lab => {
      const server = await redis(lab.server, 6379)
      const ping = '*1\r\n$4\r\nPING\r\n'
      const clients = []
      for (let i = 0; i < 9; i++) {
        const near = await lab.client.agent.connect(lab.server.address, 6379)
        await near.send(ping)
        await near.recv()
        clients.push(near)
      }
      server.kill('SIGSTOP')
      for (const near of clients.slice(0, 6)) await near.send(ping)
      await sleep(200)
      server.kill('SIGKILL')
      await sleep(200)
      await knock(lab, 6379, 2)
    },
  },
  {
    name: 'crash-unaccepted',
    about: 'A hanging server never accepted six connections; it is killed and the kernel resets them.',
    network: { delay: 3 },
    vantages: ['client', 'server:80'],
    truth: crashJudge({ ...crash, acceptable: ['abortive-close'], impactAcceptable: ['connect-failed'] }),
    run: async lab => {
      const agent = lab.server.newAgent()
      await agent.listen(9000)
      for (let i = 0; i < 6; i++) await lab.client.agent.connect(lab.server.address, 9000)
      await sleep(800)
      await agent.kill()
      await knock(lab, 9000, 3)
    },
  },
  {
    name: 'crash-client',
    about: 'A client process with six half-read downloads is killed.',
    heldOut: false,
    network: { delay: 5 },
    vantages: ['client:96', 'server:96'],
    truth: { ...crash, impact: 'transfer-cut', acceptable: ['unread-data-close'] },
    run: async lab => {
      const listener = await lab.server.agent.listen(8080)
      const agent = lab.client.newAgent()
      for (let i = 0; i < 6; i++) {
        const near = await agent.connect(lab.server.address, 8080)
        const far = await listener.accept()
        await near.send(get(`/part/${i}`))
        await far.recv()
        await far.send(`HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n${'y'.repeat(4000)}`)
        await near.recv(1000)
      }
      await sleep(200)
      await agent.kill()
    },
  },
  {
    name: 'crash-node-abort',
    about:
      'A Node server computes too long, seven more clients wait with requests it never reads, then it aborts.',
    heldOut: true,
    vantages: ['client.ng', 'server:96'],
    truth: crashJudge(crash),
    run: async lab => {
      const wait = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200)'
      const code = `require('http').createServer((q, s) => { if (q.url === '/bad') { ${wait}; process.abort() } s.end('fine') }).listen(3000, '${lab.server.address}')`
      const process = await lab.server.program('node', ['-e', code], 3000)
      const clients = await Promise.all(
        [1, 2, 3, 4, 5, 6, 7].map(() => lab.client.agent.connect(lab.server.address, 3000)),
      )
      for (const near of clients) {
        await near.send(get('/'))
        await near.recv()
      }
      const bad = await lab.client.agent.connect(lab.server.address, 3000)
      await bad.send(get('/bad'))
      await sleep(300)
      for (const near of clients) await near.send(get('/again'))
      await new Promise(done => process.once('exit', done))
      await knock(lab, 3000, 3)
    },
  },
]

/** Several connections died at their next segment: nothing else explains it well. */
const restart: Truth = { cause: 'post-restart', impact: 'request-lost', acceptable: [] }
/** One connection died: a device that forgot it would look the same. */
const restartOne: Truth = {
  ...restart,
  acceptable: ['nat-state-loss', 'idle-timeout', 'unknown'],
  originAcceptable: ['unknown'],
}

/** Flows to two services of one host, the host restarted, the flows used again. */
async function restartUnder(lab: Lab, ports: number[], each: number, up: boolean, down = 400) {
  const flows: { near: Socket; far: Socket }[] = []
  for (const port of ports) {
    const first = await pair(lab, port)
    flows.push(first, ...(await more(lab, first.listener, port, each - 1)))
  }
  for (const { near, far } of flows) await spoken('job 1\n', 'done 1\n')(near, far)
  await sleep(300)
  await lab.network.restart('s', down)
  const listeners = up ? await Promise.all(ports.map(port => lab.server.agent.listen(port))) : []
  for (const { near } of flows) {
    await quiet(near.send('job 2\n'))
    await sleep(230)
  }
  for (const [i, listener] of listeners.entries()) {
    const near = await lab.client.agent.connect(lab.server.address, ports[i])
    await spoken('job 3\n', 'done 3\n')(near, await listener.accept())
    await near.close()
  }
}

const restarts: Scenario[] = [
  {
    name: 'restart-host',
    about:
      'The server host vanishes and comes back without its services; four old connections on two ports are used again.',
    vantages: ['client', 'router:96', 'any:96'],
    truth: restart,
    run: lab => restartUnder(lab, [8080, 5432], 2, false),
  },
  {
    name: 'restart-container-v6',
    about:
      'A container with two services is replaced by a new one at the same IPv6 address; its old connections are answered by RST.',
    network: { v6: true },
    vantages: ['client', 'router:110'],
    truth: restart,
    run: lab => restartUnder(lab, [80, 6379], 2, true),
  },
  {
    name: 'restart-service-up',
    about:
      'The server host restarts within a second, its listener is up again, three old connections are used; then new ones.',
    network: { delay: 6, hops: 4 },
    vantages: ['client:128', 'router'],
    truth: restart,
    run: lab => restartUnder(lab, [1883], 3, true, 700),
  },
  {
    name: 'restart-container-far-v6',
    about: 'A container behind 15 ms of cable is replaced; five old connections over IPv6 are used again.',
    heldOut: true,
    network: { v6: true, delay: 15, hops: 8 },
    vantages: ['client:128', 'router'],
    truth: restart,
    run: lab => restartUnder(lab, [443], 5, true, 1500),
  },
  {
    name: 'restart-one-flow',
    about: 'One connection only, its server host restarted in between and silent since.',
    heldOut: true,
    vantages: ['client', 'any:80'],
    truth: restartOne,
    run: lab => restartUnder(lab, [9092], 1, false),
  },
  {
    name: 'restart-two-ports',
    about: 'A host with three services restarts; one connection to each dies, the services answer anew.',
    heldOut: true,
    network: { delay: 2 },
    vantages: ['client.ng', 'router:96'],
    truth: restart,
    run: lab => restartUnder(lab, [22, 3306, 8088], 1, true),
  },
  {
    name: 'restart-client',
    about:
      'The client host restarts; the server pushes its next events on three subscriptions and is answered by RST.',
    vantages: ['server', 'router-server:96'],
    truth: {
      ...restart,
      acceptable: ['nat-state-loss'],
      impact: 'transfer-cut',
      impactAcceptable: ['request-lost', 'none'],
    },
    run: async lab => {
      const first = await pair(lab, 9001)
      const flows = [first, ...(await more(lab, first.listener, 9001, 2))]
      for (const { near, far } of flows) {
        await near.send('SUBSCRIBE\n')
        await far.recv()
        await far.send('event 1\n')
        await near.recv()
      }
      await lab.network.restart('c', 500)
      for (const { far } of flows) {
        await quiet(far.send(answer('event 2\n')))
        await sleep(200)
      }
    },
  },
]

export const crashScenarios: Scenario[] = [...crashes, ...restarts]
