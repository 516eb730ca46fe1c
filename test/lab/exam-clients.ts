/** The second set of blind scenarios (see exam-servers.ts): real clients, and what they do to a connection. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { python } from './endpoint-second.ts'
import { collision, reuse } from './endpoint-reuse.ts'
import { examined } from './studied.ts'
import type { Judge, Truth } from './labels.ts'
import { quiet, run, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { keys, nginx, node } from './servers.ts'
import { noTimestamps } from './talk.ts'

const page = 'fine\n'
const large = 'lorem ipsum dolor sit amet '.repeat(8000)

/** The same call ends a transfer in one of two ways: with something unread at that moment, or with nothing. */
const cancelled: Judge = ({ kernelReason }) => ({
  cause: kernelReason === 'TCP_ABORT_ON_CLOSE' ? 'unread-data-close' : 'data-after-close',
  impact: 'transfer-cut',
})

const connects: Scenario[] = [
  {
    name: 'exam-curl-connect-timeout',
    about:
      'curl gives a connect 0.3 s where the round trip takes 0.4 s, and tries once more: two SYN-ACKs meet no socket.',
    network: { delay: 200, hops: 14 },
    vantages: ['client', 'server:68'],
    truth: { cause: 'handshake-aborted', impact: 'connect-failed' },
    run: async ({ client, server }) => {
      await nginx(server, 8000, [], { 'a.txt': page })
      const line = `curl -gs --connect-timeout 0.3 --retry 1 --retry-delay 1 --retry-connrefused http://${server.bracketed}:8000/a.txt`
      await quiet(client.sh(line))
      await sleep(500)
      await quiet(client.sh(`curl -gs --connect-timeout 0.3 http://${server.bracketed}:8000/a.txt`))
      await sleep(600)
    },
  },
  {
    name: 'exam-wget-until-up',
    about:
      'wget asks port 5060 until the service is there: refused twice, served at the third try about 1.3 s after the second.',
    network: { delay: 14, settings: noTimestamps },
    vantages: ['client', 'router:110'],
    truth: { cause: 'port-closed', impact: 'none', impactAcceptable: ['connect-failed'] },
    run: async ({ client, server }) => {
      const url = `http://${server.bracketed}:5060/a.txt`
      const got = client.sh(`wget -q -O /dev/null --tries=5 --retry-connrefused --waitretry=1 ${url}`)
      await sleep(1300)
      await nginx(server, 5060, [], { 'a.txt': page })
      await quiet(got)
    },
  },
  {
    name: 'exam-closed-both-families',
    about:
      'curl asks a name with an IPv6 and an IPv4 address, ports closed on both; the same host serves port 8000 to others.',
    network: { delay: 11, delay6: 19 },
    vantages: ['client:96', 'server'],
    truth: { cause: 'port-closed', impact: 'connect-failed' },
    run: async ({ client, server }) => {
      await nginx(server, 8000, [], { 'a.txt': page })
      await python(
        server,
        `import socket\ns = socket.create_server(('${server.address6}', 8000), family=socket.AF_INET6)\nimport time; time.sleep(20)`,
      )
      for (const address of [server.address4, `[${server.address6}]`]) {
        await quiet(client.sh(`curl -gs -m 1 http://${address}:8000/a.txt`))
        await quiet(client.sh(`curl -gs -m 2 http://${address}:8001/a.txt`))
      }
    },
  },
  {
    name: 'exam-nc-scan',
    about: 'nc -z walks over thirteen ports of a host, one open.',
    network: { v6: true, delay: 6, hops: 2 },
    vantages: ['client', 'server:86'],
    truth: { cause: 'port-scan', impact: 'none' },
    run: async ({ client, server }) => {
      await server.agent.listen(22)
      await quiet(client.sh(`nc -z -n -w 1 ${server.address} 18-30`))
    },
  },
  {
    name: 'exam-hping-scan',
    about:
      'hping3 -S walks up ten ports from 8076; the kernel of the scanner resets the one SYN-ACK it knows nothing of.',
    network: { delay: 9, hops: 5 },
    vantages: ['client:68', 'server'],
    truth: { cause: 'port-scan', impact: 'none' },
    run: async ({ client, server }) => {
      await server.agent.listen(8080)
      await quiet(client.sh(`timeout 4 hping3 -q -S -p ++8076 -c 10 -i u90000 ${server.address}`))
    },
  },
  {
    name: 'exam-low-port-reuse',
    about:
      'A client that lost its state comes back from port 931 to port 5060 over a 200 ms path, timestamps and SACK off.',
    network: { delay: 100, hops: 11, settings: { ...noTimestamps, 'ipv4/tcp_sack': 0 } },
    vantages: ['client', 'server:68', 'router'],
    truth: collision,
    run: lab => reuse(lab, 5060, 931, 2500),
  },
]

const downloads: Scenario[] = [
  {
    name: 'exam-curl-max-time',
    about:
      'curl --max-time ends a download that comes slowly, then kill -9 ends another: data goes on arriving at closed sockets.',
    network: { delay: 35, hops: 8 },
    vantages: ['client:110', 'server:110'],
    truth: cancelled,
    run: async ({ client, server }) => {
      const serve = `require('http').createServer((q, r) => { r.writeHead(200, { 'Content-Length': 4000000 }); const t = setInterval(() => r.write('x'.repeat(1100)), 35); r.on('close', () => clearInterval(t)) }).listen(8000, '${server.address}')`
      await node(server, serve, 8000)
      const url = `http://${server.bracketed}:8000/big.txt`
      await quiet(client.sh(`curl -gs -o /dev/null --max-time 1.4 ${url}`))
      await sleep(1200)
      await quiet(client.sh(`timeout -s KILL 1.5 curl -s -o /dev/null ${url}`))
      await sleep(1500)
    },
  },
  {
    name: 'exam-download-to-full-disk',
    about:
      'A client stops reading a download (its pipe is full) and is killed: what the kernel holds is unread. Kernel path with large segments.',
    vantages: ['client:96', 'server:96'],
    truth: cancelled,
    run: async ({ client, server }) => {
      await nginx(server, 8000, [], { 'big.txt': large.repeat(9) })
      const url = `http://${server.bracketed}:8000/big.txt`
      for (let i = 0; i < 2; i++)
        await quiet(client.sh(`bash -c 'timeout -s KILL 1.2 curl -gs ${url} > >(sleep 2)'`))
      await sleep(300)
    },
  },
  {
    name: 'exam-node-abort-controller',
    about:
      'A Node client aborts two fetches in mid-body and kills a third request with resetAndDestroy while it waits.',
    network: { v6: true, delay: 27 },
    vantages: ['client:256', 'server:110'],
    cuts: { 'late.pcap': { of: 'client', keep: f => f.number > 14 } },
    truth: ({ kernelReason, ...reset }) =>
      kernelReason === 'TCP_STATE'
        ? { cause: 'abortive-close', impact: 'request-lost' }
        : cancelled({ kernelReason, ...reset }),
    run: async ({ client, server }) => {
      const serve = `require('http').createServer((q, r) => { if (q.url === '/never') return; r.writeHead(200); const t = setInterval(() => r.write('tick '.repeat(40)), 40); r.on('close', () => clearInterval(t)) }).listen(8200, '${server.address}')`
      await node(server, serve, 8200)
      const base = `http://${server.bracketed}:8200`
      const code = `
        const http = require('http')
        const cut = after => new Promise(done => {
          const c = new AbortController()
          http.get('${base}/stream', { signal: c.signal, agent: new http.Agent() }, r => { r.on('data', () => {}); r.on('error', () => {}) }).on('error', () => {})
          setTimeout(() => { c.abort(); setTimeout(done, 250) }, after)
        })
        cut(500).then(() => cut(800)).then(() => {
          const q = http.get('${base}/never', { agent: new http.Agent() }).on('error', () => {})
          setTimeout(() => q.socket.resetAndDestroy(), 600)
        })`
      const child = await node(client, code)
      await new Promise(done => child.once('exit', done))
      await sleep(150)
    },
  },
  {
    name: 'exam-wrk-end',
    about:
      'wrk stops after its second and closes six connections with the last answers just in, or on their way.',
    network: { delay: 45, hops: 3 },
    vantages: ['client:110', 'server:96'],
    // Unread answers are whole answers here: to the other side nothing tells that from a client that was done.
    truth: ({ kernelReason }) =>
      kernelReason === 'TCP_ABORT_ON_CLOSE'
        ? { cause: 'benign-teardown', acceptable: ['unread-data-close', 'abortive-close'], impact: 'none' }
        : { cause: 'data-after-close', impact: 'request-lost', impactAcceptable: ['none', 'transfer-cut'] },
    run: async ({ client, server }) => {
      await nginx(server, 8000, [], { 'a.txt': page })
      await quiet(client.sh(`wrk -t1 -c6 -d1s http://${server.bracketed}:8000/a.txt`))
      await sleep(300)
    },
  },
]

/** The client does not trust the certificate: an alert in its last words. */
const distrust: Truth = {
  cause: 'application-reject',
  impact: 'connect-failed',
  impactAcceptable: ['request-lost', 'unknown', 'none'],
}

async function sshd({ server, directory }: Lab, port: number) {
  const key = join(directory, 'hostkey')
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  mkdirSync('/run/sshd', { recursive: true })
  const conf = join(directory, 'sshd.conf')
  const lines = [
    `Port ${port}`,
    `ListenAddress ${server.address}`,
    `HostKey ${key}`,
    'UsePAM no',
    'PidFile none',
  ]
  writeFileSync(conf, `${lines.join('\n')}\n`)
  await server.program('/usr/sbin/sshd', ['-D', '-f', conf], port)
}

const encrypted: Scenario[] = [
  {
    name: 'exam-curl-untrusted',
    about:
      'curl does not know the certificate: TLS 1.3 twice, TLS 1.2 once; alert, close, and what the server had sent meets nobody.',
    network: { delay: 16, hops: 6 },
    vantages: ['client', 'server:256'],
    truth: distrust,
    run: async ({ client, server, directory }) => {
      const { cert, key } = await keys(directory)
      const tls = `ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3;`
      await nginx(server, 8443, [], { 'a.txt': page }, tls)
      for (const highest of ['1.3', '1.2', '1.3']) {
        await quiet(client.sh(`curl -gs -m 3 --tls-max ${highest} https://${server.bracketed}:8443/a.txt`))
        await sleep(200)
      }
    },
  },
  {
    name: 'exam-node-agent-reset',
    about:
      'A Node client has three answers, leaves the connection idle for 1.6 s and drops it with resetAndDestroy; three times.',
    network: { delay: 20 },
    vantages: ['client', 'server:110'],
    truth: { cause: 'benign-teardown', acceptable: ['abortive-close'], impact: 'none' },
    run: async ({ client, server }) => {
      await nginx(server, 8088, [], { 'a.txt': page })
      const code = `
        const https = require('http')
        const one = async () => {
          const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
          let raw
          for (let i = 0; i < 3; i++) await new Promise(done => http.get({ host: '${server.address}', port: 8088, path: '/a.txt', agent }, r => { raw = r.socket; r.resume(); r.on('end', done) }))
          await new Promise(done => setTimeout(done, 1600))
          raw.resetAndDestroy()
        }
        one().then(one).then(one)`
      const child = await node(client, code)
      await new Promise(done => child.once('exit', done))
      await sleep(200)
    },
  },
  {
    name: 'exam-https-to-ssh',
    about:
      'curl speaks TLS, then plain HTTP, to an sshd on port 443: it says "Invalid SSH identification string" and goes.',
    network: { delay: 24, hops: 5 },
    vantages: ['client', 'server:110'],
    // A client that finds no TLS in the answer closes over what it did not read, while the server's own reset is under way.
    truth: ({ sender }) =>
      sender === 'server'
        ? { ...distrust, acceptable: ['unread-data-close', 'data-after-close'] }
        : {
            cause: 'unread-data-close',
            acceptable: ['application-reject', 'abortive-close', 'benign-teardown'],
            impact: 'connect-failed',
            impactAcceptable: ['request-lost', 'unknown', 'none', 'ignored'],
          },
    run: async lab => {
      await sshd(lab, 443)
      for (const scheme of ['https', 'http', 'https']) {
        await quiet(lab.client.sh(`curl -gsk -m 3 ${scheme}://${lab.server.bracketed}:443/`))
        await sleep(200)
      }
    },
  },
]

const requests: Scenario[] = [
  {
    name: 'exam-pipelined-unread',
    about:
      'A client pipelines 120 requests at once to python -m http.server (HTTP/1.0): it answers one and closes with most of 18 KB unread.',
    network: { delay: 17 },
    vantages: ['client:110', 'server:256'],
    truth: { cause: 'unread-data-close', impact: 'request-lost', impactAcceptable: ['transfer-cut'] },
    run: async ({ client, server, directory }) => {
      writeFileSync(join(directory, 'a.txt'), page)
      // Without a name service the module would wait for one.
      const serve = `import os, socket; socket.getfqdn = lambda name='': 'lab'; os.chdir('${directory}')
import http.server; http.server.ThreadingHTTPServer(('${server.address}', 8300), http.server.SimpleHTTPRequestHandler).serve_forever()`
      await python(server, serve, 8300)
      const text =
        'GET /a.txt HTTP/1.1\r\nHost: lab.example\r\nUser-Agent: pipeline/1.0\r\nAccept: text/plain, text/html;q=0.9\r\nX-Batch: yes\r\nConnection: keep-alive\r\n\r\n'
      for (let i = 0; i < 2; i++) {
        const near = await client.agent.connect(server.address, 8300)
        await near.send(text.repeat(120))
        await near.drain()
        await near.close()
        await sleep(200)
      }
    },
  },
  {
    name: 'exam-nginx-upstream-slow',
    about:
      'nginx (the client here) gives a slow upstream 2 s (proxy_read_timeout), closes, and resets the answers that come later.',
    network: { delay: 10 },
    vantages: ['client:256', 'server:110'],
    truth: { cause: 'data-after-close', impact: 'request-lost' },
    run: async ({ client, server }) => {
      const slow = `
import socketserver, time
class H(socketserver.StreamRequestHandler):
    def handle(self):
        path = self.rfile.readline().split()[1]
        while self.rfile.readline().strip():
            pass
        time.sleep(0.005 if path == b'/fast' else 3.2)
        self.wfile.write(b'HTTP/1.0 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nlate\\n')
class S(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
S(('${server.address}', 8400), H).serve_forever()`
      await python(server, slow, 8400)
      const lines = [`location / { proxy_pass http://${server.bracketed}:8400; proxy_read_timeout 2s; }`]
      await nginx(client, 8088, lines)
      await Promise.all(
        ['fast', 'slow1', 'slow2', 'slow3'].map(async (path, i) => {
          await sleep(i * 150)
          await quiet(client.sh(`curl -gs -m 6 http://${client.bracketed}:8088/${path}`))
        }),
      )
      await sleep(1800)
    },
  },
]

export const examClients: Scenario[] = [...connects, ...downloads, ...encrypted, ...requests].map(examined)
