/** Scans, health checks, and new connections that meet old ones. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { ACK, exchange, PSHACK, SYN, SYNACK } from './talk.ts'

const scan: Truth = { cause: 'port-scan', impact: 'none' }
const mss = '020405b4'
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
    heldOut: true,
    network: { v6: true, delay: 2, hops: 2 },
    vantages: ['server', 'router:96'],
    truth: probe,
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
    heldOut: true,
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

const collision: Truth = {
  cause: 'port-reuse-collision',
  impact: 'none',
  impactAcceptable: ['connect-failed'],
}

/** The client forgets a connection (crash, NAT), then uses the same port again while the server still holds it. */
async function reuse({ client, server }: Lab, port: number, local: number, pause: number) {
  const listener = await server.agent.listen(port)
  const old = await client.agent.connect(server.address, port, { local })
  await exchange(old, await listener.accept())
  await old.forget()
  await sleep(pause)
  const near = await client.agent.connect(server.address, port, { local })
  await exchange(near, await listener.accept())
  await near.close()
}

const reuses: Scenario[] = [
  {
    name: 'reuse-established',
    about:
      'A client forgets a connection and opens one from the same port; the server still holds the old: challenge ACK, RST, SYN again.',
    truth: collision,
    run: lab => reuse(lab, 8080, 40000, 500),
  },
  {
    name: 'reuse-v6-far',
    about: 'The same port is used again over IPv6 with 25 ms to the server.',
    heldOut: true,
    network: { v6: true, delay: 25, hops: 8 },
    vantages: ['client:96', 'server', 'router'],
    truth: collision,
    run: lab => reuse(lab, 443, 51515, 1500),
  },
  {
    name: 'reuse-after-reboot',
    about:
      'The client host restarts and happens to use its old source port while the server still holds the connection.',
    vantages: ['server', 'router-server:96'],
    truth: collision,
    run: async ({ client, server, network }) => {
      const listener = await server.agent.listen(1883)
      const old = await client.agent.connect(server.address, 1883, { local: 33333 })
      await exchange(old, await listener.accept())
      await network.restart('c', 300)
      const near = await client.agent.connect(server.address, 1883, { local: 33333 })
      await exchange(near, await listener.accept())
      await near.close()
    },
  },
  {
    name: 'reuse-in-middle',
    about:
      'A SYN from a port whose old connection the server still holds, with data on the old one just before; seen at the server with a short snap length.',
    heldOut: true,
    network: { delay: 7 },
    vantages: ['server:64', 'client'],
    truth: collision,
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(9200)
      const old = await client.agent.connect(server.address, 9200, { local: 47474 })
      const far = await listener.accept()
      for (let i = 0; i < 3; i++) await exchange(old, far, `/${i}`)
      await old.forget()
      const near = await client.agent.connect(server.address, 9200, { local: 47474 })
      await exchange(near, await listener.accept())
      await near.close()
    },
  },
]

const desynchronized: Truth = {
  cause: 'desynchronized',
  impact: 'connect-failed',
  impactAcceptable: ['none'],
}
const stray: Truth = {
  ...desynchronized,
  acceptable: ['post-restart', 'nat-state-loss', 'data-after-close', 'unknown'],
  originAcceptable: ['unknown'],
  impact: 'unknown',
  impactAcceptable: ['none', 'ignored', 'request-lost'],
}

/** A stale SYN-ACK reaches the client in place of the true one, which is held back for the time. */
async function oldSynAck({ client, server }: Lab, port: number, family: 'ip' | 'ip6', off: number) {
  const listener = await server.agent.listen(port)
  await server.sh(
    `nft 'add table ${family} lab; add chain ${family} lab out { type filter hook output priority 0; }; ` +
      `add rule ${family} lab out tcp sport ${port} tcp flags & (syn|ack) == (syn|ack) meta mark != 7 drop'`,
  )
  const raw = await server.agent.raw()
  const waiting = raw.recv(44444, port, SYN)
  const connecting = client.agent.connect(server.address, port, { local: 44444 })
  const syn = await waiting
  await raw.send({
    host: client.address,
    sport: port,
    dport: 44444,
    seq: 123456789,
    ack: syn.seq + 1 - off,
    flags: SYNACK,
    options: mss,
  })
  await sleep(100)
  await server.sh(`nft delete table ${family} lab`)
  const near = await connecting
  await exchange(near, await listener.accept())
  await near.close()
}

const desyncs: Scenario[] = [
  {
    name: 'old-syn-ack',
    about:
      'An old SYN-ACK that acknowledges something never sent answers a SYN: the client resets it, repeats the SYN and succeeds.',
    truth: { ...desynchronized, impact: 'none', impactAcceptable: ['ignored', 'connect-failed'] },
    run: lab => oldSynAck(lab, 8080, 'ip', 777777),
  },
  {
    name: 'old-syn-ack-v6',
    about: 'An old SYN-ACK answers a SYN over IPv6 through 9 ms of cable.',
    heldOut: true,
    network: { v6: true, delay: 9 },
    vantages: ['client:96', 'server', 'router'],
    truth: { ...desynchronized, impact: 'none', impactAcceptable: ['ignored', 'connect-failed'] },
    run: lab => oldSynAck(lab, 443, 'ip6', -40000),
  },
  {
    name: 'bad-handshake-ack',
    about: 'The last ACK of a handshake acknowledges a byte 90,000 too far: the server resets it.',
    network: { delay: 2 },
    truth: { ...desynchronized, impact: 'ignored', impactAcceptable: ['connect-failed', 'none'] },
    run: async ({ client, server }) => {
      await server.agent.listen(2404)
      await client.sh(
        "nft 'add table ip lab; add chain ip lab out { type filter hook output priority 0; }; add rule ip lab out tcp flags rst meta mark != 7 drop'",
      )
      const raw = await client.agent.raw()
      const reply = raw.recv(2404, 41000, SYNACK)
      await raw.send({ host: server.address, sport: 41000, dport: 2404, seq: 7000, flags: SYN, options: mss })
      const { seq } = await reply
      await raw.send({
        host: server.address,
        sport: 41000,
        dport: 2404,
        seq: 7001,
        ack: seq + 90001,
        flags: ACK,
      })
      await sleep(100)
    },
  },
  {
    name: 'stray-segment',
    about: 'A data segment of a connection that ended long before reaches a listener, which resets it.',
    heldOut: true,
    vantages: ['client', 'server:80'],
    truth: stray,
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(8080)
      const near = await client.agent.connect(server.address, 8080)
      await exchange(near, await listener.accept())
      const raw = await client.agent.raw()
      await raw.send({
        host: server.address,
        sport: 39393,
        dport: 8080,
        seq: 55555,
        ack: 99999,
        flags: PSHACK,
        data: 'left over\n',
      })
      await sleep(100)
      await near.close()
    },
  },
  {
    name: 'bad-handshake-ack-v6',
    about:
      'Handshakes over IPv6 whose last ACK lies behind what it should acknowledge; three times from three ports.',
    network: { v6: true },
    vantages: ['client', 'server:96'],
    truth: { ...desynchronized, impact: 'ignored', impactAcceptable: ['connect-failed', 'none'] },
    run: async ({ client, server }) => {
      await server.agent.listen(102)
      await client.sh(
        "nft 'add table ip6 lab; add chain ip6 lab out { type filter hook output priority 0; }; add rule ip6 lab out tcp flags rst meta mark != 7 drop'",
      )
      const raw = await client.agent.raw()
      for (const sport of [41001, 41002, 41003]) {
        const reply = raw.recv(102, sport, SYNACK)
        await raw.send({ host: server.address, sport, dport: 102, seq: sport * 5, flags: SYN, options: mss })
        const { seq } = await reply
        await raw.send({
          host: server.address,
          sport,
          dport: 102,
          seq: sport * 5 + 1,
          ack: seq - 30000,
          flags: ACK,
        })
        await sleep(200)
      }
    },
  },
]

export const probeScenarios: Scenario[] = [...scans, ...probes, ...reuses, ...desyncs]
