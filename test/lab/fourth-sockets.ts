/** The fourth set of blind scenarios (see fourth-servers.ts): numbers that do not fit, and peers out of reach. */
import { postgres } from './exam-programs.ts'
import { golang, java } from './fourth-programs.ts'
import type { Lab, Scenario } from './scenario.ts'
import { quiet, run, sleep } from './proc.ts'
import { haproxy, nginx } from './servers.ts'
import { fourth } from './studied.ts'
import { get, mss, spoken, SYN } from './talk.ts'

const line = spoken('STATUS 17\r\n', '+OK 17 ready\r\n')

/** On the kernel router between the hosts, where there is no cable. */
const onRouter = (lab: Lab, ...words: string[]) => run('ip', ['netns', 'exec', lab.network.router, ...words])

const numbers: Scenario[] = [
  {
    name: 'fourth-nat-port-again',
    about:
      'A NAT has forgotten a session whose client went away, and gives its one port to the next client: the server still knows the old one. Three times.',
    vantages: ['server', 'client:96'],
    // The client shows nothing of the old connection: an acknowledgement of something else, and RST, are both causes’ words.
    truth: ({ vantage }) => ({
      cause: 'port-reuse-collision',
      acceptable: vantage === 'client' ? ['desynchronized'] : [],
      impact: 'none',
    }),
    run: async lab => {
      const { client, server, network } = lab
      const rules = `add table ip lab; add chain ip lab post { type nat hook postrouting priority 100; }; add rule ip lab post oifname rs tcp dport 5432 snat to ${network.v4('s', 1)}:40000`
      await onRouter(lab, 'nft', rules)
      const listener = await server.agent.listen(5432)
      let near = await client.agent.connect(server.address, 5432, { local: 50_001 })
      for (let i = 0; i < 3; i++) {
        await line(near, await listener.accept())
        await sleep(300)
        await near.forget()
        await onRouter(lab, 'conntrack', '-F')
        near = await client.agent.connect(server.address, 5432, { local: 50_002 + i })
      }
      const far = await listener.accept()
      await line(near, far)
      await near.close()
      await far.close()
    },
  },
  {
    name: 'fourth-old-syn',
    about:
      'The network delivers the SYNs of three finished conversations once more: the server answers, the client (TIME_WAIT) acknowledges what it knew, RST.',
    network: { delay: 18, settings: { 'ipv4/tcp_synack_retries': 0 } },
    vantages: ['client', 'server:96'],
    truth: { cause: 'desynchronized', impact: 'none', impactAcceptable: ['ignored'] },
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(7070)
      const heard = await server.agent.raw()
      const sender = await client.agent.raw()
      for (let i = 0; i < 3; i++) {
        const sport = 46_100 + 7 * i
        const first = heard.recv(sport, 7070, SYN)
        const near = await client.agent.connect(server.address, 7070, { local: sport })
        const far = await listener.accept()
        await line(near, far)
        await near.close()
        await sleep(60)
        await far.close()
        await sleep(700)
        const { seq } = await first
        await sender.send({ host: server.address, sport, dport: 7070, seq, flags: SYN, options: mss })
        await sleep(600)
      }
    },
  },
  {
    name: 'fourth-old-syn-v6',
    about:
      'The same over IPv6 where the server had closed first: its TIME_WAIT answers the old SYN with its last acknowledgement, which the client’s host refuses.',
    network: { v6: true, delay: 24, hops: 6 },
    vantages: ['client', 'router-server:96'],
    // The SYN is no new one, yet SYN, old acknowledgement, RST is what that cause’s words say.
    truth: {
      cause: 'desynchronized',
      acceptable: ['port-reuse-collision'],
      impact: 'none',
      impactAcceptable: ['ignored'],
    },
    run: async ({ client, server }) => {
      const listener = await server.agent.listen(7071)
      const heard = await server.agent.raw()
      const sender = await client.agent.raw()
      for (let i = 0; i < 2; i++) {
        const sport = 46_200 + 9 * i
        const first = heard.recv(sport, 7071, SYN)
        const near = await client.agent.connect(server.address, 7071, { local: sport })
        const far = await listener.accept()
        await line(near, far)
        await far.close()
        await sleep(80)
        await near.close()
        await sleep(900)
        const { seq } = await first
        await sender.send({ host: server.address, sport, dport: 7071, seq, flags: SYN, options: mss })
        await sleep(300)
      }
    },
  },
]

const outOfReach: Scenario[] = [
  {
    name: 'fourth-postgres-keepalives',
    about:
      'PostgreSQL (tcp_keepalives 2 s, 1 s, 3) probes three idle psql sessions whose host is out of reach, and resets them.',
    network: { delay: 9, hops: 3 },
    vantages: ['server', 'router-server:96'],
    // Of the sessions themselves nothing is left, only the probes: whether anything was asked is not captured.
    cuts: {
      'late.pcap': {
        of: 'server',
        keep: f => f.number > 30,
        truth: { cause: 'keepalive-timeout', impact: 'unknown', impactAcceptable: ['none', 'ignored'] },
      },
    },
    truth: { cause: 'keepalive-timeout', impact: 'none', impactAcceptable: ['ignored'] },
    run: async ({ client, server, network }) => {
      const settings = ['tcp_keepalives_idle=2', 'tcp_keepalives_interval=1', 'tcp_keepalives_count=3']
      await postgres(server, 5432, settings)
      const session = `(echo 'select 1;'; sleep 8) | timeout -s KILL 9 psql -qAt "host=${server.address} user=lab dbname=postgres sslmode=disable"`
      const all = [0, 1, 2].map(async i => {
        await sleep(i * 300)
        await quiet(client.sh(session))
      })
      await sleep(1800)
      await network.change({ dropTo: 'both' })
      await Promise.all(all)
    },
  },
  {
    name: 'fourth-postgres-user-timeout',
    about:
      'PostgreSQL (tcp_user_timeout 3 s) streams to two psql out of reach and gives up; back again, their kernels’ keepalive probes meet RST.',
    network: { delay: 14, hops: 5 },
    vantages: ['server:110', 'client:96'],
    truth: ({ vantage }) => ({
      cause: 'retransmission-timeout',
      // The client’s side shows a long silence and a probe that meets no connection: not why.
      acceptable: vantage === 'client' ? ['post-restart', 'idle-timeout', 'nat-state-loss', 'unknown'] : [],
      originAcceptable: vantage === 'client' ? ['unknown'] : [],
      impact: 'transfer-cut',
      impactAcceptable: vantage === 'client' ? ['none', 'request-lost', 'unknown'] : ['request-lost'],
    }),
    run: async ({ client, server, network }) => {
      await postgres(server, 5432, ['tcp_user_timeout=3000'])
      const query = "select repeat('lab ', 2300), pg_sleep(0.4) from generate_series(1, 60)"
      const conn = `host=${server.address} user=lab dbname=postgres sslmode=disable keepalives_idle=7 keepalives_interval=1`
      const all = [0, 1].map(() =>
        quiet(client.sh(`timeout 14 psql -qAt "${conn}" -c "${query}" > /dev/null`)),
      )
      await sleep(1900)
      await network.change({ dropTo: 'both' })
      await sleep(6000)
      await network.change({ dropTo: null })
      await Promise.all(all)
    },
  },
  {
    name: 'fourth-nginx-send-timeout',
    about:
      'Two clients vanish in a download; nginx (send_timeout 3 s, reset_timedout_connection, 16 KB of send buffer) resets what it repeated in vain.',
    network: { delay: 20, hops: 4 },
    vantages: ['server:96', 'router-server:96'],
    truth: { cause: 'retransmission-timeout', impact: 'transfer-cut' },
    run: async ({ client, server, network }) => {
      const lines = [
        `listen ${server.bracketed}:8190 sndbuf=16k;`,
        'send_timeout 3s; reset_timedout_connection on; sendfile off; output_buffers 1 8k;',
      ]
      await nginx(server, 8191, lines, { 'big.bin': 'lorem ipsum '.repeat(60_000) })
      for (let i = 0; i < 2; i++) {
        const near = await client.agent.connect(server.address, 8190)
        await near.send(get('/big.bin'))
        await near.drain(6000)
      }
      await network.change({ dropTo: 'client' })
      await sleep(5500)
    },
  },
  {
    name: 'fourth-haproxy-stalled-reader',
    about:
      'Two clients stop reading; HAProxy (timeout client 3 s, nolinger) resets them though their windows have been closed all the time.',
    network: { delay: 11, hops: 2 },
    vantages: ['client:96', 'server:96'],
    truth: { cause: 'zero-window-timeout', impact: 'transfer-cut' },
    run: async ({ client, server }) => {
      await golang(server, ['serve', '127.0.0.1:8192', 9000], 8192)
      const sections = [
        'listen web',
        '  option nolinger',
        '  timeout client 3s',
        `  bind ${server.address}:8080`,
        '  server s 127.0.0.1:8192',
      ]
      await haproxy(server, 8080, sections)
      for (let i = 0; i < 2; i++) {
        const near = await client.agent.connect(server.address, 8080, { opts: { SO_RCVBUF: 6000 } })
        await near.send(get('/big'))
        await sleep(500)
      }
      await sleep(7500)
    },
  },
  {
    name: 'fourth-java-stalled-reader-v6',
    about:
      'A Java server drops three readers that have taken nothing for 2.5 s (SO_LINGER 0), their windows closed. Over IPv6.',
    network: { v6: true, delay: 28, hops: 7 },
    vantages: ['client'],
    truth: { cause: 'zero-window-timeout', impact: 'transfer-cut' },
    run: async ({ client, server }) => {
      await java(server, ['pour', server.address, 9105, 2500], 9105)
      for (let i = 0; i < 3; i++) {
        await client.agent.connect(server.address, 9105, { opts: { SO_RCVBUF: 5000 } })
        await sleep(300)
      }
      await sleep(4500)
    },
  },
]

export const fourthSockets: Scenario[] = [...numbers, ...outOfReach].map(fourth)
