/** Data that arrives after its reader closed in good order. */
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { answer, exchange, get, pair, post } from './talk.ts'

const late: Truth = { cause: 'data-after-close', impact: 'transfer-cut' }

/** One side streams, the other reads along and closes with nothing unread. */
async function closeUnderStream(lab: Lab, port: number, download: boolean, every = 0.02) {
  const { near, far } = await pair(lab, port)
  await near.send(download ? get('/stream') : post('/upload', 5_000_000))
  await far.recv()
  if (download) await far.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  const [sender, reader] = download ? [far, near] : [near, far]
  const stream = sender.stream(400, every, 1.5)
  await reader.readThenClose(0.25)
  await quiet(stream)
}

export const lateScenarios: Scenario[] = [
  {
    name: 'after-close-download',
    about:
      'The client closes, everything read, while the server goes on streaming: its stack answers the late data.',
    network: { delay: 6 },
    vantages: ['client:96', 'server:96'],
    truth: late,
    run: lab => closeUnderStream(lab, 8080, true),
  },
  {
    name: 'after-close-upload',
    about: 'The server closes, everything read, while the client goes on uploading.',
    vantages: ['client:96', 'server', 'router:80'],
    truth: late,
    run: lab => closeUnderStream(lab, 80, false),
  },
  {
    name: 'after-close-download-v6',
    about: 'A cancelled download over IPv6 on port 443, several pieces in flight.',
    heldOut: true,
    network: { v6: true, delay: 22, hops: 5 },
    vantages: ['client:110', 'server:110'],
    truth: late,
    run: lab => closeUnderStream(lab, 443, true, 0.008),
  },
  {
    name: 'after-close-push',
    about:
      'The client of a push channel closes; the server notices nothing and pushes its next event 3 s later.',
    heldOut: true,
    network: { delay: 3 },
    vantages: ['client', 'server:96'],
    truth: { ...late, impactAcceptable: ['none', 'request-lost'] },
    run: async lab => {
      const { near, far } = await pair(lab, 9001)
      await near.send('SUBSCRIBE news\n')
      await far.recv()
      for (let i = 0; i < 4; i++) {
        await far.send(`event ${i}\n`)
        await near.recv()
        await sleep(700)
      }
      await near.close()
      await sleep(3000)
      await far.send('event 4\n')
      await sleep(100)
    },
  },
  {
    name: 'after-close-upload-odd-port',
    about:
      'A server takes the beginning of an upload, closes in peace, and the client goes on at 60 ms a piece.',
    heldOut: true,
    network: { delay: 15 },
    vantages: ['client.nano', 'router:80'],
    truth: late,
    run: lab => closeUnderStream(lab, 50051, false, 0.06),
  },
  {
    name: 'after-close-slow-answer',
    about: 'The client closes while waiting; the answer comes half a second later and is reset.',
    truth: { ...late, impact: 'request-lost' },
    vantages: ['client', 'server-any:128'],
    run: async lab => {
      const { near, far } = await pair(lab, 8080)
      await exchange(near, far)
      await near.send(get('/slow'))
      await far.recv()
      await sleep(600)
      await near.close()
      await sleep(500)
      await far.send(answer('too late\n'))
      await sleep(100)
    },
  },
]
