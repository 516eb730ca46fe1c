/** Refusals in the application's own words, with a reset right behind. */
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { haproxy, keys, nginx, node, redis } from './servers.ts'
import { answer, get, pair, post } from './talk.ts'

const reject: Truth = {
  cause: 'application-reject',
  impact: 'request-lost',
  impactAcceptable: ['none', 'connect-failed'],
}
const leftUnread: Truth = {
  cause: 'benign-teardown',
  acceptable: ['unread-data-close', 'abortive-close'],
  impact: 'none',
}
/** The refusal stands before a body that was still on its way. */
const rejectUpload: Truth = { ...reject, impact: 'transfer-cut', impactAcceptable: ['none', 'request-lost'] }
/** The refusal is encrypted. */
const hidden: Truth = {
  ...reject,
  acceptable: ['unread-data-close', 'data-after-close', 'abortive-close'],
  impactAcceptable: ['none', 'connect-failed', 'unknown'],
}

/** Uploads without listening until the connection is gone. */
async function stubbornUpload(lab: Lab, port: number, head: string) {
  const near = await lab.client.agent.connect(lab.server.address, port)
  await near.send(head)
  await quiet(near.stream(3000, 0.004, 0.4))
  await quiet(near.close())
}

/** The server refuses with `words` after hearing `request` (or at once), then leaves as told. */
async function scripted(
  lab: Lab,
  port: number,
  request: string | null,
  words: string,
  leave: 'abort' | 'close',
  rest = '',
) {
  const { near, far } = await pair(lab, port)
  if (request) {
    await near.send(request)
    await far.recv()
  }
  if (rest) await near.send(rest)
  await sleep(30)
  await far.send(words)
  await near.recv()
  await far[leave]()
  if (leave === 'close' && !rest) await quiet(near.send('one more\r\n'))
  await sleep(80)
  await near.close()
}

const mysqlBlocked =
  "\x48\x00\x00\x00\xff\x69\x04Host '10.71.0.2' is blocked because of many connection errors; unblock"
const postgresFull =
  'E\x00\x00\x00\x48SFATAL\x00VFATAL\x00C53300\x00Msorry, too many clients already\x00Fproc.c\x00L353\x00\x00'
const startup = '\x00\x00\x00\x21\x00\x03\x00\x00user\x00lab\x00database\x00lab\x00\x00'

export const rejectScenarios: Scenario[] = [
  {
    name: 'reject-redis-maxclients',
    about:
      'Redis takes two clients; the others get "-ERR max number of clients reached", a close, and RST for what they sent.',
    // The two clients that were let in never read their answers: their own close resets.
    truth: reset => (reset.sender === 'client' ? leftUnread : reject),
    run: async lab => {
      await redis(lab.server, 6379, '--maxclients', '2')
      const clients = []
      for (let i = 0; i < 5; i++) {
        const near = await lab.client.agent.connect(lab.server.address, 6379)
        await quiet(near.send('*1\r\n$4\r\nPING\r\n'))
        await sleep(60)
        await quiet(near.send('*1\r\n$4\r\nPING\r\n'))
        await sleep(60)
        clients.push(near)
      }
      for (const near of clients) await quiet(near.close())
    },
  },
  {
    name: 'reject-haproxy-deny',
    about: 'HAProxy denies an upload with 403 from its rules while the body still comes.',
    network: { delay: 3, hops: 2 },
    vantages: ['client:200', 'server:96'],
    truth: rejectUpload,
    run: async lab => {
      await haproxy(lab.server, 8080, [
        'frontend entry',
        `  bind ${lab.server.bracketed}:8080`,
        '  http-request deny if METH_POST',
      ])
      await stubbornUpload(lab, 8080, post('/forbidden', 900_000))
    },
  },
  {
    name: 'reject-413-haproxy',
    about: 'HAProxy answers 413 to a body announced as too large, over IPv6, while it comes.',
    heldOut: true,
    network: { v6: true, delay: 8, hops: 5 },
    vantages: ['client:200', 'server:120'],
    truth: rejectUpload,
    run: async lab => {
      const rule = '  http-request deny deny_status 413 if { req.hdr_val(content-length) gt 1000 }'
      await haproxy(lab.server, 80, ['frontend entry', `  bind ${lab.server.bracketed}:80`, rule])
      await stubbornUpload(lab, 80, post('/large', 700_000))
    },
  },
  {
    name: 'reject-413-nginx',
    about:
      'nginx (client_max_body_size 1k, lingering_close off) answers 413 and closes with the body unread.',
    vantages: ['client:200', 'server:110'],
    truth: rejectUpload,
    run: async lab => {
      await nginx(lab.server, 8000, ['client_max_body_size 1k; lingering_close off;'], {
        'index.html': 'lab',
      })
      await stubbornUpload(lab, 8000, post('/large', 500_000))
    },
  },
  {
    name: 'reject-node-400',
    about:
      'A Node server answers 400 Bad Request to nonsense and destroys the socket while more nonsense comes.',
    heldOut: true,
    network: { delay: 4 },
    vantages: ['client.ng', 'server:128'],
    truth: { ...rejectUpload, impact: 'request-lost', impactAcceptable: ['none', 'transfer-cut'] },
    run: async lab => {
      await node(
        lab.server,
        `require('http').createServer((q, s) => s.end()).listen(3000, '${lab.server.address}')`,
        3000,
      )
      await stubbornUpload(lab, 3000, 'THIS IS NOT HTTP\r\n\r\n')
    },
  },
  {
    name: 'reject-mysql-blocked',
    about: 'A database greets with error 1129 (host is blocked) and aborts.',
    truth: { ...reject, impact: 'connect-failed', impactAcceptable: ['none', 'request-lost'] },
    run: async lab => {
      await scripted(lab, 3306, null, mysqlBlocked, 'abort')
    },
  },
  {
    name: 'reject-smtp-554',
    about: 'A mail server refuses with 554 and closes; the client goes on with its greeting and gets RST.',
    heldOut: true,
    network: { delay: 6 },
    vantages: ['client', 'server:128'],
    truth: { ...reject, impact: 'request-lost' },
    run: async lab => {
      await scripted(lab, 25, null, '554 5.7.1 mail.lab.example: no service for you here\r\n', 'close')
    },
  },
  {
    name: 'reject-postgres-full',
    about:
      'A database answers the startup message with FATAL "too many clients already" and closes with input unread; IPv6.',
    network: { v6: true, delay: 2 },
    vantages: ['client', 'server:128'],
    truth: reject,
    run: async lab => {
      await scripted(lab, 5432, startup, postgresFull, 'close', 'p\x00\x00\x00\x0bsecret\x00')
    },
  },
  {
    name: 'reject-ftp-421',
    about: 'An FTP server says 421 too many connections and aborts; three clients in a row.',
    heldOut: true,
    vantages: ['client:128', 'router'],
    truth: { ...reject, impact: 'connect-failed', impactAcceptable: ['none', 'request-lost'] },
    run: async lab => {
      const listener = await lab.server.agent.listen(21)
      for (let i = 0; i < 3; i++) {
        const near = await lab.client.agent.connect(lab.server.address, 21)
        const far = await listener.accept()
        await far.send('421 Too many connections, try again later.\r\n')
        await near.recv()
        await far.abort()
        await sleep(150)
        await near.close()
      }
    },
  },
  {
    name: 'reject-http-403-unread',
    about: 'An application answers 403 to the head of an upload and closes its socket with the body unread.',
    network: { delay: 10 },
    vantages: ['client:160', 'router:96'],
    truth: rejectUpload,
    run: async lab => {
      const { near, far } = await pair(lab, 8443)
      await near.send(post('/private', 600_000))
      const upload = near.stream(2500, 0.005, 0.5)
      await far.recv(120)
      await far.send(answer('not you\n', '403 Forbidden', 'Connection: close\r\n'))
      await far.close()
      await quiet(upload)
    },
  },
  {
    name: 'reject-tls-unknown-ca',
    about: 'A TLS client does not know the issuer: alert unknown_ca, then it aborts.',
    network: { delay: 5 },
    vantages: ['client:512', 'server:160'],
    truth: { ...reject, impact: 'connect-failed', impactAcceptable: ['request-lost', 'unknown', 'none'] },
    run: lab => unknownIssuer(lab, 443, '1.3'),
  },
  {
    name: 'reject-tls12-unknown-ca-v6',
    about: 'The same with TLS 1.2 on port 8443 over IPv6.',
    heldOut: true,
    network: { v6: true },
    vantages: ['client:512', 'server:160'],
    truth: { ...reject, impact: 'connect-failed', impactAcceptable: ['request-lost', 'unknown', 'none'] },
    run: lab => unknownIssuer(lab, 8443, '1.2'),
  },
  {
    name: 'reject-mtls-no-cert',
    about:
      'A TLS 1.3 server wants a client certificate and gets none: an encrypted alert, close, and the request that was already there unread.',
    network: { delay: 4 },
    vantages: ['client:256', 'server:160'],
    truth: hidden,
    run: lab => missingCertificate(lab, 443),
  },
  {
    name: 'reject-plain-to-tls',
    about: 'nginx resets plain HTTP spoken to its TLS port after answering 400; twice.',
    heldOut: true,
    network: { delay: 3 },
    vantages: ['client:256', 'server:160'],
    truth: { ...rejectUpload, impactAcceptable: ['none', 'request-lost'] },
    run: async lab => {
      const { cert, key } = await keys(lab.directory)
      await nginx(
        lab.server,
        443,
        ['lingering_close off;'],
        {},
        `ssl_certificate ${cert}; ssl_certificate_key ${key};`,
      )
      for (let i = 0; i < 2; i++) await stubbornUpload(lab, 443, post('/plain', 40_000))
    },
  },
]

async function unknownIssuer(lab: Lab, port: number, highest: string) {
  const own = await keys(lab.directory)
  const { near, far } = await pair(lab, port)
  const serving = quiet(far.tls({ server: true, ...own, highest }))
  // The system's own authorities do not include this one.
  await quiet(near.tls({ ca: '/etc/ssl/certs/ca-certificates.crt', highest }))
  await near.abort()
  await serving
  await quiet(far.close())
}

async function missingCertificate(lab: Lab, port: number) {
  const own = await keys(lab.directory)
  const listener = await lab.server.agent.listen(port)
  for (let i = 0; i < 2; i++) {
    const near = await lab.client.agent.connect(lab.server.address, port)
    const far = await listener.accept()
    const serving = quiet(far.tls({ server: true, ...own, ca: own.cert, need_client: true }))
    await quiet(near.tls())
    await quiet(near.send(get('/secret')))
    await serving
    await quiet(far.close())
    await sleep(100)
    await near.close()
  }
}
