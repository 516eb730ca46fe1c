/** New connections that meet old ones, and segments that fit nothing. */
import type { Truth } from './labels.ts'
import { sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { ACK, exchange, mss, PSHACK, SYN, SYNACK } from './talk.ts'

export const collision: Truth = {
  cause: 'port-reuse-collision',
  impact: 'none',
  impactAcceptable: ['connect-failed'],
}

/** The client forgets a connection (crash, NAT), then uses the same port again while the server still holds it. */
export async function reuse({ client, server }: Lab, port: number, local: number, pause: number) {
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
export const stray: Truth = {
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
    // Held out at first, then looked at.
    heldOut: false,
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

export const reuseScenarios: Scenario[] = [...reuses, ...desyncs]
