/** The fourth set of blind scenarios (see fourth-servers.ts): processes that die, transfers cut, refusals of applications. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { begunLate, onlyResets } from './fourth-servers.ts'
import { ended, golang, gunicorn, java, puma } from './fourth-programs.ts'
import type { Observed, Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { nginx } from './servers.ts'
import { fourth } from './studied.ts'
import { get, post, refused } from './talk.ts'

/** A closed socket answers by RST at once when something was unread, or else what comes later. */
const closedEarly =
  (impact: string, impactAcceptable: string[] = []) =>
  ({ kernelReason }: Observed): Truth => ({
    cause: kernelReason === 'TCP_ABORT_ON_CLOSE' ? 'unread-data-close' : 'data-after-close',
    impact,
    impactAcceptable,
  })
/** Connects after a crash meet a closed port, which is also the crash’s doing. */
const crashed =
  (impact: string) =>
  ({ kernelReason, frames, ...reset }: Observed): Truth =>
    kernelReason === 'NO_SOCKET' && reset.incarnation === 0 && frames.length > 0
      ? { ...refused, acceptable: ['process-crash'] }
      : { cause: 'process-crash', impact }

const crashes: Scenario[] = [
  {
    name: 'fourth-java-halt',
    about:
      'A Java web server (one thread) calls halt() in a request while five other connections wait with theirs unread; a new connect is refused.',
    network: { delay: 22, hops: 4 },
    vantages: ['client'],
    truth: crashed('request-lost'),
    run: async ({ client, server }) => {
      await java(server, ['http', server.address, 8180], 8180)
      const all = await Promise.all([0, 1, 2, 3, 4, 5].map(() => client.agent.connect(server.address, 8180)))
      for (const near of all) {
        await near.send(get('/'))
        await near.recv()
      }
      await all[0].send(get('/halt'))
      await sleep(150)
      for (const near of all.slice(1)) await near.send(get('/orders'))
      await sleep(1200)
      await quiet(client.agent.connect(server.address, 8180))
    },
  },
  {
    name: 'fourth-puma-killed-v6',
    about:
      'Puma (one thread, busy) is killed with three requests unread; the client’s two new connects are refused. Over IPv6, kernel router.',
    network: { v6: true },
    vantages: ['router:110'],
    truth: crashed('request-lost'),
    run: async ({ client, server }) => {
      const child = await puma(
        server,
        9293,
        ['threads 1, 1', 'quiet', 'queue_requests false'],
        '(sleep 30; ["late\\n"])',
      )
      const all = await Promise.all([0, 1, 2, 3].map(() => client.agent.connect(server.address, 9293)))
      for (const near of all) {
        await near.send(get('/orders'))
        await sleep(60)
      }
      await sleep(400)
      await server.sh(`kill -9 ${child.pid}`)
      await sleep(500)
      for (let i = 0; i < 2; i++) {
        await quiet(client.agent.connect(server.address, 9293))
        await sleep(300)
      }
    },
  },
]

const leaving: Scenario[] = [
  {
    name: 'fourth-curl-head',
    about:
      'curl … | head: the pipe breaks, curl closes in the middle of the body; three times, Go server. Small receive buffers (tcp_rmem 8 KB).',
    network: { delay: 18, hops: 6 },
    vantages: ['client:96'],
    truth: closedEarly('transfer-cut'),
    run: async ({ client, server }) => {
      await client.sysctl('ipv4/tcp_rmem', "'4096 8192 16384'")
      await golang(server, ['serve', `${server.address}:8181`, 9000], 8181)
      for (let i = 0; i < 3; i++) {
        await quiet(
          client.sh(
            `curl -sN -m 3 --limit-rate 40k http://${server.address}:8181/big | head -c 3000 > /dev/null`,
          ),
        )
        await sleep(400)
      }
    },
  },
  {
    name: 'fourth-go-body-close-v6',
    about:
      'A Go client closes the bodies of three streams 200 ms after it read 1.5 KB; the rest lies unread. Over IPv6.',
    network: { v6: true, delay: 12, hops: 3 },
    vantages: ['client:96', 'router-server:96'],
    truth: closedEarly('transfer-cut'),
    run: async ({ client, server }) => {
      await golang(server, ['serve', `${server.bracketed}:8182`, 9000], 8182)
      await ended(await golang(client, ['part', `http://${server.bracketed}:8182/stream`, 3, 1500]))
    },
  },
  {
    name: 'fourth-java-abort',
    about: 'A Java client drops three streams after 0.6 s with SO_LINGER 0; Go server.',
    network: { delay: 25, hops: 7 },
    vantages: ['client:256'],
    cuts: { 'mid.pcap': begunLate },
    truth: { cause: 'abortive-close', acceptable: ['unread-data-close'], impact: 'transfer-cut' },
    run: async ({ client, server }) => {
      await golang(server, ['serve', `${server.address}:8183`, 9000], 8183)
      await ended(await java(client, ['abort', server.address, 8183, '/stream', 3, 600]))
    },
  },
  {
    name: 'fourth-go-server-abort-v6',
    about:
      'A Go handler hijacks the connection of two requests (which curl repeats) and drops it (SetLinger 0) without an answer; curl, IPv6.',
    network: { v6: true, delay: 35, hops: 9 },
    vantages: ['client'],
    cuts: { 'lone.pcap': onlyResets('abortive-close') },
    truth: { cause: 'abortive-close', impact: 'request-lost' },
    run: async ({ client, server }) => {
      await golang(server, ['serve', `${server.bracketed}:8184`, 9000], 8184)
      const url = `http://${server.bracketed}:8184`
      for (let i = 0; i < 2; i++) {
        await quiet(client.sh(`curl -sg -m 3 ${url}/ ${url}/abort`))
        await sleep(150)
      }
    },
  },
  {
    name: 'fourth-nginx-499',
    about:
      'Visitors of an nginx leave after 0.5 s; it closes the connections to the Go service behind, whose answers come 1 s later: RST. Three times.',
    network: { delay: 8, hops: 2 },
    vantages: ['server:96'],
    truth: { cause: 'data-after-close', impact: 'request-lost' },
    run: async ({ client, server }) => {
      await golang(server, ['serve', `${server.address}:8185`, 9000], 8185)
      await nginx(client, 8080, [`location / { proxy_pass http://${server.address}:8185; }`])
      for (let i = 0; i < 3; i++) {
        await client.sh(`curl -s http://${client.address}:8080/`)
        await quiet(client.sh(`curl -s -m 0.5 http://${client.address}:8080/slow`))
        await sleep(1300)
      }
    },
  },
  {
    name: 'fourth-java-disconnect',
    about:
      'A Java client (HttpURLConnection.disconnect) leaves two streams after 1.5 KB, everything so far read; the next pieces are reset.',
    network: { delay: 30, hops: 5 },
    vantages: ['client:96', 'router:96'],
    truth: closedEarly('transfer-cut'),
    run: async ({ client, server }) => {
      await golang(server, ['serve', `${server.address}:8186`, 9000], 8186)
      await ended(await java(client, ['leave', `http://${server.address}:8186/stream`, 2, 1500]))
    },
  },
]

/** The body went in part, the request was answered with a no, which the reset may have overtaken: the words allow each. */
const turnedAway: Truth = {
  cause: 'application-reject',
  impact: 'transfer-cut',
  impactAcceptable: ['request-lost', 'none'],
}

const refusals: Scenario[] = [
  {
    name: 'fourth-gunicorn-401',
    about:
      'Gunicorn (sync worker) answers three uploads of 30 KB with 401 and closes without having read them; curl.',
    network: { delay: 21, hops: 4 },
    vantages: ['client:200', 'server:200'],
    truth: turnedAway,
    run: async ({ client, server, directory }) => {
      await gunicorn(server, 8187, [], '401 Unauthorized')
      writeFileSync(join(directory, 'upload'), 'lorem ipsum '.repeat(2500))
      for (let i = 0; i < 3; i++) {
        const line = `curl -s -m 4 -H Expect: --data-binary @${directory}/upload http://${server.address}:8187/in`
        await quiet(client.sh(line))
        await sleep(200)
      }
    },
  },
  {
    name: 'fourth-java-413-v6',
    about:
      'The JDK’s web server refuses two uploads of 100 KB with 413; it takes 64 KB more, then closes, and what still comes is reset. Over IPv6.',
    network: { v6: true, delay: 26, hops: 6 },
    vantages: ['router:200'],
    truth: { ...turnedAway, acceptable: ['data-after-close'] },
    run: async ({ client, server }) => {
      await java(server, ['http', server.address, 8188], 8188)
      for (let i = 0; i < 2; i++) {
        const near = await client.agent.connect(server.address, 8188)
        await near.send(post('/upload', 100_000))
        await quiet(near.stream(2800, 0.02, 1))
        await sleep(200)
        await quiet(near.close())
      }
    },
  },
]

export const fourthAborts: Scenario[] = [...crashes, ...leaving, ...refusals].map(fourth)
