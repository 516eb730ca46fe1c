/** Who is root and who is not while `live` runs, and that nothing of it stays behind, however it ends. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Cable, commandOf, eventually, type Live, missing, statusOf, withCable } from './bench.js'

const lacks = missing('tcpdump', 'ip', 'nsenter')
const INSTANCES = '/sys/kernel/tracing/instances'
const traces = existsSync('/sys/kernel/tracing/events/tcp/tcp_send_reset')
const folder = mkdtempSync(join(tmpdir(), 'rst-analyze-privileges-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const FAST = ['--format', 'ndjson', '--settle', '1s']
const ALL = ['Uid', 'Gid']

describe.skipIf(lacks.length > 0)(
  `privileges while live runs (needs root, namespaces, tcpdump; lacks ${lacks.join(', ') || 'nothing'})`,
  { concurrent: true, timeout: 60_000 },
  () => {
    async function started(cable: Cable, ...words: string[]): Promise<Live> {
      const live = cable.live(...FAST, ...words).read()
      await live.until(() => live.err.includes('listening'))
      return live
    }
    const instanceOf = ({ child }: Live) => join(INSTANCES, `rst-analyze-${child.pid}`)

    it('looks into packets as nobody, who can neither go back nor do anything', () =>
      withCable(async cable => {
        const live = await started(cable, ...(traces ? ['--kernel'] : []))
        const { analyser } = live.processes()
        for (const key of ALL) expect(statusOf(analyser!, key)).toEqual(['65534', '65534', '65534', '65534'])
        expect(statusOf(analyser!, 'Groups')).not.toContain('0')
        for (const key of ['CapPrm', 'CapEff', 'CapAmb'])
          expect(Number(`0x${statusOf(analyser!, key)[0]}`)).toBe(0)
        await cable.connect(81)
        await live.until(() => live.resets().length === 1)
        expect(await live.stop()).toBe(0)
      }))

    it('gives the evidence to who writes it, and the report to who asked for it', () =>
      withCable(async cable => {
        // Nobody may look into the folder of the report.
        const home = join(folder, 'home')
        mkdirSync(home)
        chmodSync(home, 0o700)
        const evidence = join(folder, 'evidence')
        const report = join(home, 'report.json')
        const live = await started(cable, '--user', 'daemon', '--evidence', evidence, '-o', report)
        expect(statusOf(live.processes().analyser!, 'Uid')[0]).toBe(String(statSync(evidence).uid))
        await cable.connect(81)
        await live.until(() => live.resets().length === 1)
        expect(await live.stop()).toBe(0)
        expect(statSync(evidence).uid).not.toBe(0)
        expect(readdirSync(evidence)).toHaveLength(1)
        expect(statSync(report).uid).toBe(0)
        expect(JSON.parse(readFileSync(report, 'utf8')).totals.resets).toBe(1)
        expect(readdirSync(home)).toEqual(['report.json'])
      }))

    it('leaves a folder alone that was there before', () =>
      withCable(async cable => {
        const evidence = join(folder, 'of-root')
        mkdirSync(evidence, { mode: 0o755 })
        const live = cable.live('--evidence', evidence).read()
        expect(await live.ended).toBe(1)
        expect(live.err).toMatch(
          /^rst-analyze: --evidence \S+of-root: cannot be written by nobody: .*--user.*\n$/,
        )
        expect(statSync(evidence).uid).toBe(0)
      }))

    it('ends with its summary at Ctrl-C, which reaches every process of the terminal', () =>
      withCable(async cable => {
        const live = await started(cable, ...(traces ? ['--kernel'] : []))
        await cable.connect(81)
        await live.until(() => live.resets().length === 1)
        const { engines, analyser } = live.processes()
        for (const pid of [...engines, analyser!, live.child.pid!]) process.kill(pid, 'SIGINT')
        expect(await live.ended).toBe(0)
        expect(live.err).not.toContain('again')
        const [last] = live.lines().slice(-1)
        expect(last.type).toBe('summary')
        expect(JSON.stringify(last)).not.toContain('engine-restarted')
        expect(engines.map(commandOf)).toEqual([''])
        expect(existsSync(instanceOf(live))).toBe(false)
      }))

    it('leaves no engine and no tracing instance when the supervisor is killed, on a silent link too', () =>
      withCable(async cable => {
        const live = await started(cable, ...(traces ? ['--kernel'] : []))
        const { engines, analyser } = live.processes()
        expect(engines).toHaveLength(1)
        if (traces) expect(existsSync(instanceOf(live))).toBe(true)
        process.kill(live.child.pid!, 'SIGKILL')
        await eventually(() => [...engines, analyser!].every(pid => commandOf(pid) === ''))
        await eventually(() => !existsSync(instanceOf(live)))
        await live.ended
        expect(live.lines().at(-1)?.type).toBe('summary')
      }))

    it('says that the analyser was killed, and ends', () =>
      withCable(async cable => {
        const live = await started(cable, ...(traces ? ['--kernel'] : []))
        const { engines, analyser } = live.processes()
        process.kill(analyser!, 'SIGKILL')
        expect(await live.ended).toBe(1)
        expect(live.err).toContain('rst-analyze: the analyser was ended by SIGKILL\n')
        expect(engines.map(commandOf)).toEqual([''])
        expect(existsSync(instanceOf(live))).toBe(false)
      }))

    it.skipIf(!traces)('removes instances of processes that are gone', () =>
      withCable(async cable => {
        const stale = join(INSTANCES, 'rst-analyze-4194399')
        mkdirSync(stale)
        const live = await started(cable, '--kernel')
        expect(existsSync(stale)).toBe(false)
        expect(await live.stop()).toBe(0)
      }),
    )

    it('says in one line that there is no such user', () =>
      withCable(async cable => {
        const live = cable.live('--user', 'no such user').read()
        expect(await live.ended).toBe(2)
        expect(live.err).toBe('rst-analyze: --user no such user: there is no such user\n')
      }))

    it('runs as it is without root, and says why nothing can be captured', () =>
      withCable(async cable => {
        const live = cable.liveAs('nobody', ['live', 's0', '--kernel']).read()
        expect(await live.ended).toBe(1)
        expect([live.out, live.err.split('\n')]).toEqual([
          '',
          [
            expect.stringMatching(/^rst-analyze: the kernel cannot be asked: .*going on without$/),
            'rst-analyze: no permission to capture on s0: run it with sudo',
            '',
          ],
        ])
        const other = cable.liveAs('nobody', ['live', 's0', '--user', 'daemon']).read()
        expect(await other.ended).toBe(2)
        expect(other.err).toBe('rst-analyze: --user daemon: only root can become another user\n')
      }))
  },
)
