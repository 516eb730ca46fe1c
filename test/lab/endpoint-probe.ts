/** Scans and health checks. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { ACK, mss, SYN } from './talk.ts'

const closedAtLast: Truth = { cause: 'port-closed', impact: 'connect-failed', impactAcceptable: ['none'] }
const endedByUs: Truth = {
  cause: 'benign-teardown',
  impact: 'none',
  acceptable: ['abortive-close', 'health-check-probe'],
}
const scan: Truth = { cause: 'port-scan', impact: 'none' }
const knownPorts = [
  21, 22, 23, 25, 53, 80, 110, 111, 135, 139, 143, 443, 445, 993, 995, 1433, 1521, 1723, 2049, 3306,
]
const morePorts = [
  3389, 5000, 5060, 5432, 5900, 5985, 6379, 7001, 8000, 8008, 8080, 8081, 8443, 8888, 9000, 9090, 9200,
]

/** SYNs from one port to many, as a half-open scanner sends them; the kernel resets what answers. */
async function synScan({ client, server }: Lab, ports: number[], pause: number) {
  const raw = await client.agent.raw()
  for (const [i, dport] of ports.entries()) {
    await raw.send({
      host: server.address,
      sport: 54321,
      dport,
      seq: 1000000 + i * 77,
      flags: SYN,
      window: 1024,
      options: mss,
    })
    await sleep(pause)
  }
}

const scans: Scenario[] = [
  {
    name: 'scan-syn',
    about: 'A half-open scan of 37 ports from one source port; two are open, their SYN-ACKs are reset.',
    vantages: ['client', 'server:68'],
    truth: scan,
    run: async lab => {
      await lab.server.agent.listen(22)
      await lab.server.agent.listen(8080)
      await synScan(lab, [...knownPorts, ...morePorts], 15)
    },
  },
  {
    name: 'scan-syn-v6-slow',
    about: 'A half-open scan over IPv6 at a port every 0.4 s; one port is open.',
    heldOut: true,
    network: { v6: true, delay: 12, hops: 5 },
    vantages: ['client', 'router:96'],
    truth: scan,
    run: async lab => {
      await lab.server.agent.listen(443)
      await synScan(lab, knownPorts, 400)
    },
  },
  {
    name: 'scan-connect',
    about:
      'A connect scan of three ports on eight addresses; what is open gets a full handshake and a linger-0 close.',
    network: { extra: [10, 11, 12, 13, 14, 15, 16, 17] },
    vantages: ['client:96', 'server:96'],
    truth: scan,
    run: async ({ client, server, network }) => {
      await server.agent.listen(80, { host: '0.0.0.0' })
      for (let last = 10; last < 18; last++)
        for (const port of [22, 80, 443]) {
          const near = await quiet(client.agent.connect(network.v4('s', last), port))
          if (near) await near.abort()
          await sleep(20)
        }
    },
  },
  {
    name: 'scan-one-port-hosts',
    about: 'One port, 3389, is looked for on eight addresses within a second; none has it.',
    heldOut: true,
    network: { extra: [20, 21, 22, 23, 24, 25, 26, 27], delay: 3 },
    vantages: ['client', 'server-any:96'],
    truth: scan,
    run: async ({ client, network }) => {
      for (let last = 20; last < 28; last++) {
        await quiet(client.agent.connect(network.v4('s', last), 3389))
        await sleep(60)
      }
    },
  },
  {
    name: 'scan-ack',
    about: 'An ACK scan: bare ACKs without any connection to 24 ports, each answered by a RST.',
    vantages: ['client:60', 'server'],
    truth: scan,
    run: async ({ client, server }) => {
      await server.agent.listen(80)
      const raw = await client.agent.raw()
      for (const dport of [...knownPorts, ...morePorts].slice(0, 24)) {
        await raw.send({
          host: server.address,
          sport: 43210,
          dport,
          seq: 31337,
          ack: 90210,
          flags: ACK,
          window: 1024,
        })
        await sleep(10)
      }
    },
  },
]

const probe: Truth = { cause: 'health-check-probe', impact: 'none' }

/** HAProxy beside the client watches a server of the scenario. */
async function haproxyWatches({ client, server }: Lab, port: number, check: string, inter: string) {
  const file = join(client.directory, 'probe.cfg')
  const lines = [
    'defaults',
    '  mode tcp',
    '  timeout connect 1s',
    '  timeout client 5s',
    '  timeout server 5s',
    '  timeout check 1s',
    'backend watched',
    check,
    `  server one ${server.bracketed}:${port} check inter ${inter}`,
    'listen entry',
    '  bind 127.0.0.1:7999',
    '  server one 127.0.0.1:7998',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  await client.program('haproxy', ['-f', file, '-db', '-q'], 7999)
}

const probes: Scenario[] = [
  {
    name: 'probe-haproxy',
    about: 'HAProxy checks a server every 0.5 s: connect, then reset.',
    vantages: ['client', 'server:80'],
    truth: probe,
    run: async lab => {
      await lab.server.agent.listen(8080)
      await haproxyWatches(lab, 8080, '', '500ms')
      await sleep(4200)
    },
  },
  {
    name: 'probe-haproxy-v6',
    about:
      'HAProxy checks a server over IPv6 every 0.8 s, seen from the server and in the middle; real traffic between.',
    // Held out at first, then looked at.
    heldOut: false,
    network: { v6: true, delay: 2, hops: 2 },
    vantages: ['server', 'router:96'],
    // The lab's own connection, and the check that finds the port closed at the end.
    truth: r => (r.sender === 'client' ? probe : r.kernelReason === 'NO_SOCKET' ? closedAtLast : endedByUs),
    run: async lab => {
      const listener = await lab.server.agent.listen(8443)
      await haproxyWatches(lab, 8443, '', '800ms')
      await sleep(2100)
      const near = await lab.client.agent.connect(lab.server.address, 8443)
      await sleep(2900)
      // The accepted ones are the probes; ours among them is only closed.
      await near.close()
      await listener.close()
    },
  },
  {
    name: 'probe-half-open',
    about: 'A load balancer of the simple kind: SYN, SYN-ACK, RST every 0.7 s from ever new ports.',
    network: { delay: 1, hops: 1 },
    vantages: ['client:64', 'server'],
    truth: probe,
    run: async ({ client, server }) => {
      await server.agent.listen(80)
      const raw = await client.agent.raw()
      for (let i = 0; i < 7; i++) {
        await raw.send({
          host: server.address,
          sport: 20000 + i * 3,
          dport: 80,
          seq: 5000 * i,
          flags: SYN,
          window: 8192,
          options: mss,
        })
        await sleep(700)
      }
    },
  },
  {
    name: 'probe-banner',
    about: 'A monitor connects to SMTP every 0.6 s, takes the banner and closes with linger 0.',
    // Held out at first, then looked at.
    heldOut: false,
    network: { delay: 2 },
    vantages: ['client', 'server:128'],
    truth: probe,
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(25)
      for (let i = 0; i < 7; i++) {
        const near = await client.agent.connect(server.address, 25)
        const far = await listener.accept()
        await far.send('220 mail.lab.example ESMTP ready\r\n')
        await near.recv()
        await near.abort()
        await quiet(far.close())
        await sleep(600)
      }
    },
  },
  {
    name: 'probe-slow',
    about: 'A probe of port 5432 every 3 s: full handshake, then linger-0 close without a byte.',
    vantages: ['client:96', 'server-any:80'],
    truth: probe,
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(5432)
      for (let i = 0; i < 6; i++) {
        const near = await client.agent.connect(server.address, 5432)
        const far = await listener.accept()
        await near.abort()
        await quiet(far.close())
        await sleep(3000)
      }
    },
  },
]

export const probeScenarios: Scenario[] = [...scans, ...probes]
