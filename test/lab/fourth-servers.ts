/**
 * The fourth set of blind scenarios: made like the third, by the contract's words alone and without sight of the rules, for programs the
 * earlier sets lack: Go, Java and Ruby, Gunicorn, Caddy. This part: connects that fail, probes, idle and old connections, restarts.
 */
import { caddy, ended, golang, gunicorn, java, puma } from './fourth-programs.ts'
import { python } from './endpoint-second.ts'
import { mosquitto, mqttConnect, vsftpd } from './exam-programs.ts'
import { RST, SYN } from './capture.ts'
import type { Socket } from './host.ts'
import { quiet, sleep } from './proc.ts'
import type { Cut, Lab, Scenario } from './scenario.ts'
import { fourth } from './studied.ts'
import { get, noTimestamps, post, refused, unknown } from './talk.ts'

/** The client's capture without its handshakes. */
export const begunLate: Cut = {
  of: 'client',
  keep: (frame, frames) => {
    const reset = frames.find(f => f.flags & RST)?.number ?? Infinity
    const handshakes = frames.filter(f => f.flags & SYN && f.number < reset)
    return frame.number > (handshakes.at(-1)?.number ?? 0) + 1
  },
}
/** Nothing of the client's capture but the resets. */
export const onlyResets = (...could: string[]): Cut => ({
  of: 'client',
  keep: frame => (frame.flags & RST) !== 0,
  truth: unknown(...could),
})

/** So many clients connect in turn and say a line each. */
async function sessions(lab: Lab, port: number, count: number, between: number) {
  const all: Socket[] = []
  for (let i = 0; i < count; i++) {
    const near = await lab.client.agent.connect(lab.server.address, port)
    await near.send('STATUS 17\r\n')
    await near.recv()
    all.push(near)
    await sleep(between)
  }
  return all
}

const connecting: Scenario[] = [
  {
    name: 'fourth-go-refused',
    about:
      'A Go service polls another one (port 8444) that is not up, three times; the one at 8080 (Caddy) answers in between.',
    network: { delay: 19, hops: 4 },
    vantages: ['client'],
    truth: refused,
    run: async ({ client, server }) => {
      await caddy(server, 8080, 'hello from the lab')
      const good = await golang(client, ['get', `http://${server.address}:8080/`, 5, 350])
      await ended(await golang(client, ['get', `http://${server.address}:8444/health`, 3, 500]))
      await ended(good)
    },
  },
  {
    name: 'fourth-java-refused-v6',
    about: 'A Java client asks a port where nothing listens, twice, over IPv6 and a kernel router.',
    network: { v6: true },
    vantages: ['router:128'],
    truth: refused,
    run: async ({ client, server }) => {
      await ended(await java(client, ['get', `http://${server.bracketed}:9092/topics`, 2, 400]))
    },
  },
  {
    name: 'fourth-java-backlog',
    about:
      'A hung Java server (backlog 6, tcp_abort_on_overflow) has five clients waiting when six more come at once: Go; two find room, four are reset.',
    network: { delay: 30, hops: 5 },
    vantages: ['client', 'server:96'],
    truth: { cause: 'accept-queue-overflow', impact: 'connect-failed', impactAcceptable: ['request-lost'] },
    run: async ({ client, server }) => {
      await server.sysctl('ipv4/tcp_abort_on_overflow', 1)
      await java(server, ['hung', server.address, 8009, 6], 8009)
      const first = await golang(client, ['burst', `${server.address}:8009`, 5])
      await sleep(500)
      await ended(await golang(client, ['burst', `${server.address}:8009`, 6]))
      await ended(first)
    },
  },
  {
    name: 'fourth-java-connect-timeout',
    about: 'A Java client gives three connects 150 ms where the round trip takes 220 ms.',
    network: { delay: 110, hops: 11 },
    vantages: ['client', 'server:96'],
    truth: { cause: 'handshake-aborted', impact: 'connect-failed' },
    run: async ({ client, server }) => {
      await server.agent.listen(1521)
      await ended(await java(client, ['connect', server.address, 1521, 150, 3, 500]))
    },
  },
  {
    name: 'fourth-go-dial-again-v6',
    about:
      'A Go client gives up two connects after 120 ms, 180 ms of round trip away; the third may take longer and is served. IPv6.',
    network: { v6: true, delay: 90, hops: 6 },
    vantages: ['client:96', 'router'],
    truth: { cause: 'handshake-aborted', impact: 'none' },
    run: async ({ client, server }) => {
      await caddy(server, 8081, 'hello from the lab')
      await ended(await golang(client, ['dial', `${server.bracketed}:8081`, 120, 3, 250, 2000]))
    },
  },
  {
    name: 'fourth-nmap',
    about: 'nmap -sS asks seven ports; one is open and its answer is reset by the scanner’s kernel.',
    network: { delay: 14, hops: 9 },
    vantages: ['server:68'],
    truth: { cause: 'port-scan', impact: 'none' },
    run: async ({ client, server }) => {
      await server.agent.listen(22)
      await client.sh(`nmap -sS -Pn -n --max-retries 1 --max-rate 15 -p 20-26 ${server.address}`)
    },
  },
]

const probing: Scenario[] = [
  {
    name: 'fourth-go-probes',
    about:
      'A Go monitor connects every 1.2 s and drops the connection (SetLinger 0), while a Java client is served on the same port by Caddy.',
    network: { delay: 6, hops: 2 },
    vantages: ['server:96'],
    truth: { cause: 'health-check-probe', impact: 'none' },
    run: async ({ client, server }) => {
      await caddy(server, 8082, 'hello from the lab')
      const visits = await java(client, ['get', `http://${server.address}:8082/`, 4, 900])
      await ended(await golang(client, ['probe', `${server.address}:8082`, 5, 1200]))
      await ended(visits)
    },
  },
  {
    name: 'fourth-banner-monitor',
    about:
      'A monitor in Python checks vsftpd every 1.5 s: connects, waits 0.2 s, closes without reading the banner. Kernel router.',
    network: { v6: true },
    vantages: ['router'],
    truth: { cause: 'health-check-probe', impact: 'none' },
    run: async ({ client, server }) => {
      await vsftpd(server, 21, ['listen=NO', 'listen_ipv6=YES', `listen_address6=${server.address}`])
      const code = `
import socket, time
for _ in range(4):
    s = socket.create_connection(('${server.address}', 21), 2)
    time.sleep(0.2)
    s.close()
    time.sleep(1.3)`
      await ended(await python(client, code))
    },
  },
]

const aged: Scenario[] = [
  {
    name: 'fourth-java-idle-v6',
    about: 'A Java server drops sessions that were silent for 4 s (SO_LINGER 0): three clients, over IPv6.',
    network: { v6: true, delay: 23, hops: 5 },
    vantages: ['client'],
    cuts: { 'mid.pcap': begunLate, 'lone.pcap': onlyResets('idle-timeout', 'abortive-close') },
    truth: { cause: 'idle-timeout', impact: 'none' },
    run: async lab => {
      await java(lab.server, ['idle', lab.server.address, 6543, 4000], 6543)
      const all = await sessions(lab, 6543, 3, 300)
      for (const near of all) {
        await near.send('STATUS 18\r\n')
        await near.recv()
        await sleep(500)
      }
      await sleep(4600)
    },
  },
  {
    name: 'fourth-java-idle-report',
    about:
      'A Java gateway drops sessions without a byte for 3 s (SO_LINGER 0), also those whose report is still being made: two clients wait for one.',
    network: { delay: 16, hops: 3 },
    vantages: ['client', 'server:128'],
    truth: { cause: 'idle-timeout', impact: 'request-lost' },
    run: async lab => {
      await java(lab.server, ['idle', lab.server.address, 6432, 3000], 6432)
      const all = await sessions(lab, 6432, 2, 500)
      for (const near of all) {
        await near.send('REPORT 2026\r\n')
        await sleep(400)
      }
      await sleep(3300)
    },
  },
  {
    name: 'fourth-go-idle-crossing',
    about:
      'A Go server (IdleTimeout 2 s) closes three kept connections while the next requests are on their way, 160 ms of round trip.',
    network: { delay: 80, hops: 10 },
    vantages: ['client', 'server:110'],
    truth: { cause: 'keep-alive-race', impact: 'request-lost' },
    run: async ({ client, server }) => {
      await golang(server, ['serve', `${server.address}:8083`, 2000], 8083)
      for (let i = 0; i < 3; i++) {
        const near = await client.agent.connect(server.address, 8083)
        await near.send(get('/'))
        await near.recv()
        await sleep(1920)
        await near.send(get(`/orders/${i}`))
        await sleep(400)
      }
    },
  },
  {
    name: 'fourth-puma-stale-pool',
    about:
      'Puma (persistent_timeout 2) has closed two kept connections when their pool uses them 1.5 s later without looking. No timestamps.',
    network: { delay: 12, settings: noTimestamps },
    vantages: ['client:256', 'server:96'],
    truth: { cause: 'keep-alive-race', impact: 'request-lost' },
    run: async ({ client, server }) => {
      await puma(server, 9292, ['persistent_timeout 2', 'threads 2, 2', 'quiet'])
      const pool = await Promise.all([0, 1].map(() => client.agent.connect(server.address, 9292)))
      for (const near of pool) {
        await near.send(get('/'))
        await near.recv()
      }
      await sleep(3800)
      for (const near of pool) {
        await near.send(get('/cart'))
        await sleep(300)
      }
    },
  },
  {
    name: 'fourth-gunicorn-stale-v6',
    about:
      'Gunicorn (keep-alive 2 s) has closed a kept connection when the client’s next POST comes 1.2 s after its FIN; twice, over IPv6.',
    network: { v6: true, delay: 27, hops: 8 },
    vantages: ['router:110'],
    truth: { cause: 'keep-alive-race', impact: 'request-lost' },
    run: async ({ client, server }) => {
      await gunicorn(server, 8084, ['--threads', '2', '--keep-alive', '2'])
      for (let i = 0; i < 2; i++) {
        const near = await client.agent.connect(server.address, 8084)
        await near.send(get('/'))
        await near.recv()
        await near.drain()
        await sleep(1200)
        await near.send(post('/second', 9) + 'an order\n')
        await sleep(300)
      }
    },
  },
  {
    name: 'fourth-java-lifetime',
    about:
      'A Java server drops every connection at the age of 5 s (SO_LINGER 0): four clients that ask at different rhythms.',
    network: { delay: 15, hops: 3 },
    vantages: ['server:96'],
    truth: { cause: 'max-lifetime', impact: 'none' },
    run: async lab => {
      await java(lab.server, ['aged', lab.server.address, 7777, 5000], 7777)
      await Promise.all(
        [0, 700, 1500, 1900].map(async (wait, i) => {
          await sleep(wait)
          const [near] = await sessions(lab, 7777, 1, 0)
          const end = Date.now() + 6500
          while (Date.now() < end) {
            await sleep(400 + 130 * i)
            if (await quiet(near.send('STATUS 18\r\n'))) await quiet(near.recv())
            else break
          }
        }),
      )
    },
  },
]

const restarts: Scenario[] = [
  {
    name: 'fourth-go-pool-restart',
    about:
      'The server host restarts between two rounds of a Go client’s three kept connections; the service is up again, Go asks anew.',
    network: { delay: 20, hops: 4 },
    vantages: ['client'],
    cuts: { 'lone.pcap': onlyResets('post-restart') },
    truth: { cause: 'post-restart', impact: 'request-lost' },
    run: async ({ client, server, network }) => {
      await caddy(server, 8085, 'hello from the lab')
      const pool = await golang(client, ['pool', `http://${server.address}:8085/order`, 3, 2600])
      await sleep(900)
      await network.restart('s', 200)
      await caddy(server, 8085, 'hello from the lab')
      await ended(pool)
    },
  },
  {
    name: 'fourth-mqtt-broker-reboot-v6',
    about:
      'The host of an MQTT broker restarts; two quiet clients find out by their next PINGREQ. Over IPv6, no timestamps.',
    network: { v6: true, delay: 33, hops: 7, settings: noTimestamps },
    vantages: ['client', 'router:96'],
    truth: { cause: 'post-restart', impact: 'request-lost' },
    run: async ({ client, server, network }) => {
      await mosquitto(server, 1883)
      const all: Socket[] = []
      for (const id of ['lamp', 'fan1']) {
        const near = await client.agent.connect(server.address, 1883)
        await near.send(mqttConnect(id, 5))
        await near.recv()
        await near.send('\xc0\x00')
        await near.recv()
        all.push(near)
      }
      await sleep(600)
      await network.restart('s', 300)
      await mosquitto(server, 1883)
      await sleep(1500)
      for (const near of all) {
        await near.send('\xc0\x00')
        await sleep(350)
      }
    },
  },
]

export const fourthServers: Scenario[] = [...connecting, ...probing, ...aged, ...restarts].map(fourth)
