/**
 * The second set of blind scenarios: made and labelled by the contract alone, without sight of the rules, to measure them
 * (see endpoint-blind.ts for the first). This part: real servers that end a connection of their own accord.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apache, memcached, mosquitto, mqttConnect, postgres, stunnel, vsftpd } from './exam-programs.ts'
import { examined } from './studied.ts'
import type { Truth } from './labels.ts'
import { quiet, run, sleep } from './proc.ts'
import type { Scenario } from './scenario.ts'
import { keys, nginx } from './servers.ts'
import { get, noTimestamps } from './talk.ts'

export const race: Truth = { cause: 'keep-alive-race', impact: 'request-lost' }
/** A refusal in words, whose connection did nothing else: its one request, or the connect itself, was in vain. */
export const turnedAway: Truth = {
  cause: 'application-reject',
  impact: 'request-lost',
  impactAcceptable: ['connect-failed', 'none'],
}

const pools: Scenario[] = [
  {
    name: 'exam-apache-stale-pool',
    about:
      'apache2 (KeepAliveTimeout 2) ended three idle connections by FIN; a pool that does not look sends on them 3 s later. IPv6.',
    network: { v6: true, delay: 30, hops: 9 },
    vantages: ['client:256', 'server:110'],
    truth: race,
    run: async ({ client, server }) => {
      await apache(server, 8080, ['KeepAlive On', 'KeepAliveTimeout 2'], { 'a.txt': 'fine\n' })
      await Promise.all(
        [0, 350, 900].map(async wait => {
          await sleep(wait)
          const near = await client.agent.connect(server.address, 8080)
          await near.send(get('/a.txt'))
          await near.recv()
          await sleep(5600)
          await quiet(near.send(get('/a.txt?again')))
          await sleep(250)
        }),
      )
    },
  },
  {
    name: 'exam-ftp-idle',
    about:
      'vsftpd ends two control connections after 4 idle seconds ("421 Timeout"); the clients say NOOP 2.5 s later.',
    network: { delay: 12, settings: noTimestamps },
    vantages: ['client', 'server:96'],
    truth: { ...race, acceptable: ['application-reject'] },
    run: async ({ client, server }) => {
      await vsftpd(server, 2121, ['idle_session_timeout=4'])
      await Promise.all(
        [0, 700].map(async wait => {
          await sleep(wait)
          const near = await client.agent.connect(server.address, 2121)
          await near.recv()
          await near.send('USER anonymous\r\n')
          await near.recv()
          await near.send('PASS lab@lab.example\r\n')
          await near.recv()
          await sleep(7000)
          await quiet(near.send('NOOP\r\n'))
          await sleep(150)
        }),
      )
    },
  },
  {
    name: 'exam-mqtt-keepalive',
    about:
      'mosquitto ends three devices that did not ping (keep alive 2 s); each publishes 3 s after the FIN it did not read.',
    network: { delay: 40, hops: 4 },
    vantages: ['client:110', 'router'],
    cuts: { 'late.pcap': { of: 'client', keep: f => f.number > 18 } },
    truth: race,
    run: async ({ client, server }) => {
      await mosquitto(server, 1883)
      await Promise.all(
        [0, 400, 800].map(async (wait, i) => {
          await sleep(wait)
          const near = await client.agent.connect(server.address, 1883)
          await near.send(mqttConnect(`dev${i}`, 2))
          await near.recv()
          await sleep(6500)
          await quiet(near.send('\x30\x0a\x00\x04t/xx21.5'))
          await sleep(300)
        }),
      )
    },
  },
  {
    name: 'exam-postgres-idle-session',
    about:
      'PostgreSQL (idle_session_timeout 4 s) says FATAL 57P05 and FIN to two idle sessions; their next query comes 3 s later.',
    network: { delay: 8 },
    vantages: ['client', 'server:256'],
    truth: { ...race, acceptable: ['application-reject'] },
    run: async ({ client, server }) => {
      await postgres(server, 5433, ['idle_session_timeout=4s'])
      const hello = '\x00\x03\x00\x00user\x00lab\x00database\x00postgres\x00\x00'
      await Promise.all(
        [0, 600].map(async wait => {
          await sleep(wait)
          const near = await client.agent.connect(server.address, 5433)
          await near.send(`\x00\x00\x00${String.fromCharCode(hello.length + 4)}${hello}`)
          await near.readFor(0.4)
          await near.send('Q\x00\x00\x00\x0dSELECT 1\x00')
          await near.recv()
          await sleep(7000)
          await quiet(near.send('Q\x00\x00\x00\x0dSELECT 2\x00'))
          await sleep(150)
        }),
      )
    },
  },
]

const refusals: Scenario[] = [
  {
    name: 'exam-ssh-startups',
    about:
      'sshd with MaxStartups 1: one client sits at the prompt, two more are told "Exceeded MaxStartups" and dropped; they had greeted.',
    network: { delay: 25 },
    vantages: ['client', 'server:110'],
    truth: { ...turnedAway, acceptable: ['data-after-close', 'unread-data-close'] },
    run: async ({ client, server, directory }) => {
      const key = join(directory, 'hostkey')
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
      mkdirSync('/run/sshd', { recursive: true })
      const conf = join(directory, 'sshd.conf')
      const lines = ['Port 2222', `ListenAddress ${server.address}`, `HostKey ${key}`, 'UsePAM no']
      writeFileSync(conf, [...lines, 'PidFile none', 'MaxStartups 1:100:1', ''].join('\n'))
      await server.program('/usr/sbin/sshd', ['-D', '-f', conf], 2222)
      const first = await client.agent.connect(server.address, 2222)
      await first.recv()
      for (let i = 0; i < 2; i++) {
        const near = await client.agent.connect(server.address, 2222)
        await quiet(near.send('SSH-2.0-libssh2_1.10.0\r\n'))
        await quiet(near.recv())
        await sleep(500)
        await near.close()
      }
    },
  },
  {
    name: 'exam-redis-protected',
    about:
      'Redis in protected mode refuses two remote clients in words and closes; their first command crosses that.',
    network: { delay: 15, hops: 3 },
    vantages: ['client:256', 'server:96'],
    truth: turnedAway,
    run: async ({ client, server }) => {
      await server.program(
        'redis-server',
        [
          '--port',
          '6390',
          '--bind',
          '0.0.0.0',
          '--save',
          '',
          '--protected-mode',
          'yes',
          '--dir',
          server.directory,
        ],
        6390,
      )
      for (let i = 0; i < 2; i++) {
        const near = await client.agent.connect(server.address, 6390)
        await quiet(near.send('*2\r\n$3\r\nGET\r\n$4\r\nname\r\n'))
        await quiet(near.recv())
        await sleep(400)
        await near.close()
      }
    },
  },
  {
    name: 'exam-memcached-full',
    about:
      'memcached with its connections taken says so in words and closes on three more clients, who ask at once.',
    network: { v6: true, delay: 20 },
    vantages: ['client', 'router:110'],
    truth: turnedAway,
    run: async ({ client, server }) => {
      await memcached(server, 11311, ['-c', '32', '-o', 'maxconns_fast'])
      const held = []
      for (let i = 0; i < 32; i++) held.push(await client.agent.connect(server.address, 11311))
      for (let i = 0; i < 3; i++) {
        const near = await client.agent.connect(server.address, 11311)
        await quiet(near.send(`get user:${i}\r\n`))
        await quiet(near.recv())
        await sleep(300)
        await near.close()
      }
    },
  },
  {
    name: 'exam-mqtt-full',
    about:
      'mosquitto at max_connections closes two further sockets right after the handshake without a word; their CONNECT was on its way.',
    network: { delay: 28 },
    vantages: ['client', 'server:96'],
    truth: ({ kernelReason }) => ({
      ...(kernelReason === 'TCP_ABORT_ON_CLOSE'
        ? { cause: 'unread-data-close', acceptable: ['application-reject', 'abortive-close'] }
        : { cause: 'data-after-close', acceptable: ['application-reject'] }),
      impact: 'request-lost',
      impactAcceptable: ['connect-failed'],
    }),
    run: async ({ client, server }) => {
      await mosquitto(server, 1884, ['max_connections 1'])
      const first = await client.agent.connect(server.address, 1884)
      await first.send(mqttConnect('first', 60))
      await first.recv()
      for (let i = 0; i < 2; i++) {
        const near = await client.agent.connect(server.address, 1884)
        await quiet(near.send(mqttConnect(`late${i}`, 60)))
        await quiet(near.recv())
        await sleep(400)
        await near.close()
      }
    },
  },
  {
    name: 'exam-nginx-413-curl',
    about:
      'curl uploads 120 KB where nginx allows 1 KB: 413, it waits 5 ms (lingering_timeout), and the rest meets a closed socket. Twice, IPv6.',
    network: { v6: true, delay: 22 },
    vantages: ['client:256', 'server:110'],
    truth: { ...turnedAway, impactAcceptable: ['transfer-cut', 'none'] },
    run: async ({ client, server, directory }) => {
      const file = join(directory, 'upload.bin')
      writeFileSync(file, Buffer.alloc(120_000, 'lab '))
      await nginx(server, 8081, ['client_max_body_size 1k; lingering_timeout 5ms;'])
      for (let i = 0; i < 2; i++) {
        await quiet(client.sh(`curl -gs -m 5 -H Expect: -T ${file} http://${server.bracketed}:8081/in/${i}`))
        await sleep(200)
      }
    },
  },
  {
    name: 'exam-nginx-444-tls',
    about:
      'nginx answers bots over TLS with 444 and reset_timedout_connection on: three requests are met by its reset.',
    network: { delay: 33, hops: 7 },
    vantages: ['client', 'server:256'],
    truth: {
      cause: 'abortive-close',
      acceptable: ['application-reject', 'unread-data-close'],
      impact: 'request-lost',
      impactAcceptable: ['unknown'],
    },
    run: async ({ client, server, directory }) => {
      const { cert, key } = await keys(directory)
      const lines = ['reset_timedout_connection on;', 'if ($http_user_agent ~ bot) { return 444; }']
      await nginx(
        server,
        8443,
        lines,
        { 'a.txt': 'fine\n' },
        `ssl_certificate ${cert}; ssl_certificate_key ${key};`,
      )
      await client.sh(`curl -sk https://${server.bracketed}:8443/a.txt`)
      for (let i = 0; i < 3; i++) {
        await quiet(client.sh(`curl -sk -m 3 -A bot/${i} https://${server.bracketed}:8443/a.txt`))
        await sleep(150)
      }
    },
  },
  {
    name: 'exam-stunnel-dead-backend',
    about:
      'stunnel completes TLS, finds its backend refused, and resets three clients whose request is out or about to be.',
    network: { delay: 18 },
    vantages: ['client:256', 'server:110'],
    truth: {
      cause: 'abortive-close',
      acceptable: ['unread-data-close'],
      impact: 'request-lost',
      impactAcceptable: ['unknown', 'connect-failed', 'none'],
    },
    run: async ({ client, server, directory }) => {
      const { cert, key } = await keys(directory)
      await stunnel(server, 9443, '127.0.0.1:9', cert, key)
      for (let i = 0; i < 3; i++) {
        await quiet(client.sh(`curl -sk -m 3 https://${server.bracketed}:9443/${i}`))
        await sleep(200)
      }
    },
  },
]

export const examServers: Scenario[] = [...pools, ...refusals].map(examined)
