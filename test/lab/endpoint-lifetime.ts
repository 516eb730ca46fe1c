/** Connections reset because of their age, whatever they are doing. */
import type { Truth } from './labels.ts'
import { quiet, sleep } from './proc.ts'
import type { Lab, Scenario } from './scenario.ts'
import { exchange, get } from './talk.ts'

export const lifetime: Truth = { cause: 'max-lifetime', impact: 'none' }

/** Connections in steady use, each reset at the same age by `who`. */
export async function aged(
  lab: Lab,
  port: number,
  count: number,
  age: number,
  who: 'near' | 'far',
  every = 300,
) {
  const listener = await lab.server.agent.listen(port)
  const one = async (delay: number) => {
    await sleep(delay)
    const near = await lab.client.agent.connect(lab.server.address, port)
    const both = { near, far: await listener.accept() }
    const born = Date.now()
    for (let i = 0; Date.now() - born < age - every; i++) {
      await exchange(both.near, both.far, `/${i}`, 'still here\n')
      await sleep(every)
    }
    await sleep(Math.max(0, age - (Date.now() - born)))
    await both[who].abort()
    await sleep(60)
    await quiet((who === 'near' ? both.far : both.near).close())
  }
  // One after another where the accept order matters, yet overlapping.
  await Promise.all(Array.from({ length: count }, (_, i) => one(i * 700)))
}

export const lifetimeScenarios: Scenario[] = [
  {
    name: 'lifetime-busy',
    about: 'A proxy-like server resets every connection at the age of 5 s although it is in steady use.',
    network: { delay: 2 },
    vantages: ['client:96', 'server:96'],
    truth: lifetime,
    run: lab => aged(lab, 8080, 3, 5000, 'far'),
  },
  {
    name: 'lifetime-v6',
    about: 'Four connections over IPv6 in steady use are reset by the server at the age of 10 s.',
    heldOut: true,
    network: { v6: true, delay: 9, hops: 3 },
    vantages: ['client:110', 'router:96'],
    truth: lifetime,
    run: lab => aged(lab, 443, 4, 10_000, 'far', 900),
  },
  {
    name: 'lifetime-pool',
    about: 'A connection pool resets its own connections at the age of 8 s, whatever they are doing.',
    truth: { ...lifetime, acceptable: ['benign-teardown'] },
    vantages: ['client:128', 'server:96'],
    run: lab => aged(lab, 3306, 3, 8000, 'near', 700),
  },
  {
    name: 'lifetime-mid-request',
    about: 'The server resets connections at the age of 6 s; for one of them a request is open just then.',
    // Held out at first, then looked at.
    heldOut: false,
    network: { delay: 4 },
    vantages: ['client', 'server:80'],
    truth: { ...lifetime, impact: 'request-lost', impactAcceptable: ['none'] },
    run: async lab => {
      const listener = await lab.server.agent.listen(8000)
      const one = async (delay: number) => {
        await sleep(delay)
        const near = await lab.client.agent.connect(lab.server.address, 8000)
        const far = await listener.accept()
        const born = Date.now()
        while (Date.now() - born < 5500) {
          await exchange(near, far)
          await sleep(450)
        }
        await near.send(get('/last'))
        await far.recv()
        await sleep(Math.max(0, 6000 - (Date.now() - born)))
        await far.abort()
        await sleep(60)
        await near.close()
      }
      await Promise.all([one(0), one(1100), one(2300)])
    },
  },
]
