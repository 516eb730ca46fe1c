/** `rst-analyze live` on real interfaces with real engines and real resets. Skipped, visibly, without root and namespaces. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { capIsBuilt, commandOf, missing, statusOf, withCable } from './bench.js'

const lacks = missing('tcpdump', 'ip', 'nsenter')
const INSTANCES = '/sys/kernel/tracing/instances'
const traces = existsSync('/sys/kernel/tracing/events/tcp/tcp_send_reset')
const folder = mkdtempSync(join(tmpdir(), 'rst-analyze-live-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(lacks.length > 0)(
  `live capture (needs root, namespaces, tcpdump; lacks ${lacks.join(', ') || 'nothing'})`,
  { concurrent: true, timeout: 60_000 },
  () => {
    const FAST = ['--format', 'ndjson', '--settle', '1s']

    for (const engine of ['tcpdump', 'dumpcap', 'cap'] as const) {
      const absent = engine === 'cap' ? !capIsBuilt : missing(engine).length > 0
      it.skipIf(absent)(`judges while it runs, with ${engine}`, () =>
        withCable(async cable => {
          await cable.abortingServer(8080)
          const report = join(folder, `${engine}.json`)
          const live = cable.live(...FAST, '--engine', engine, '-o', report).read()
          await live.until(() => live.err.includes(`with ${engine}`))
          await cable.connect(8080)
          await cable.connect(81)
          await live.until(() => live.resets().length === 2)
          expect(live.resets().map(r => [r['id'], r['cause'], r['sender']])).toEqual([
            ['r1', 'abortive-close', 'server'],
            ['r2', 'port-closed', 'server'],
          ])
          expect(await live.stop()).toBe(0)
          const kinds = live.lines().map(l => l.type)
          expect(kinds.slice(0, 2)).toEqual(['reset', 'reset'])
          expect(kinds.at(-1)).toBe('summary')
          expect(kinds).toContain('incident')
          const written = JSON.parse(readFileSync(report, 'utf8'))
          expect(written.totals).toMatchObject({
            connections: 2,
            resetConnections: 2,
            resets: 2,
            rstFrames: 2,
          })
          // Tests beside this one write into the same folder.
          expect(readdirSync(folder).filter(name => name.startsWith(`.${engine}.`))).toEqual([])
        }),
      )
    }

    it('goes on when its engine is killed, and says so', () =>
      withCable(async cable => {
        const live = cable.live(...FAST, '--engine', 'tcpdump').read()
        await live.until(() => live.err.includes('listening'))
        await cable.connect(81)
        await live.until(() => live.resets().length === 1)
        const [engine] = live.processes().engines
        process.kill(engine, 'SIGKILL')
        await live.until(() => live.err.includes('again'))
        await cable.connect(82)
        await live.until(() => live.resets().length === 2)
        expect(await live.stop('SIGTERM')).toBe(0)
        const [a, b] = live.resets().map(r => r['frames'] as number[])
        expect(b[0]).toBeGreaterThan(a[0])
        expect(
          live
            .lines()
            .filter(l => l.type === 'note')
            .map(n => n['name']),
        ).toContain('engine-restarted')
        expect(live.processes().engines).toEqual([])
      }))

    it.skipIf(!capIsBuilt)('cap captures as nobody, and comes back when the interface took it down', () =>
      withCable(async cable => {
        const live = cable.live(...FAST, '--engine', 'cap').read()
        await live.until(() => live.err.includes('listening'))
        await cable.connect(81)
        await live.until(() => live.resets().length === 1)
        const [engine] = live.processes().engines
        expect(commandOf(engine)).toContain('engine-cap')
        expect(statusOf(engine, 'Uid')).toEqual(['65534', '65534', '65534', '65534'])
        cable.link('down')
        await live.until(() => live.err.includes('rst-analyze: s0 is down'))
        cable.link('up')
        await live.until(() => live.err.includes('with cap again'))
        await cable.connect(82)
        await live.until(() => live.resets().length === 2)
        expect(await live.stop()).toBe(0)
      }),
    )

    it('goes on when the interface went down and up', () =>
      withCable(async cable => {
        const live = cable.live(...FAST).read()
        await live.until(() => live.err.includes('listening'))
        cable.link('down')
        cable.link('up')
        // Some libpcaps end when the interface goes down, then the engine is started again; others wait.
        await new Promise(resolve => setTimeout(resolve, 1500))
        await cable.connect(81)
        await live.until(() => live.resets().length === 1)
        expect(await live.stop()).toBe(0)
      }))

    it('captures on while nobody reads its output', () =>
      withCable(async cable => {
        const report = join(folder, 'unread.json')
        const live = cable.live(...FAST, '-o', report)
        await live.until(() => live.err.includes('listening'))
        // More than a pipe holds: each verdict takes kilobytes.
        await cable.connect(81, 200)
        await new Promise(resolve => setTimeout(resolve, 3500))
        live.child.kill('SIGTERM')
        live.read()
        expect(await live.ended).toBe(0)
        expect(live.resets()).toHaveLength(200)
        expect(JSON.parse(readFileSync(report, 'utf8')).totals).toMatchObject({ resets: 200, rstFrames: 200 })
      }))

    it('keeps evidence within its limit', () =>
      withCable(async cable => {
        const evidence = join(folder, 'evidence')
        const live = cable.live(...FAST, '--evidence', evidence, '--evidence-limit', '4K').read()
        await live.until(() => live.err.includes('listening'))
        await cable.connect(81, 20)
        await live.until(() => live.resets().length === 20)
        expect(await live.stop()).toBe(0)
        const files = readdirSync(evidence)
        const bytes = files.reduce((sum, name) => sum + statSync(join(evidence, name)).size, 0)
        expect(files.length).toBeGreaterThan(0)
        expect(files.some(name => name.includes('-r20-port-closed-'))).toBe(true)
        expect(bytes).toBeLessThanOrEqual(4096)
        const last = readFileSync(join(evidence, files[files.length - 1]))
        expect(last.readUInt32LE(0)).toBe(0x0a0d0d0a)
        expect(last.includes('rst-analyze r20: port-closed')).toBe(true)
      }))

    it.skipIf(!traces)('asks the kernel, and leaves nothing behind', () =>
      withCable(async cable => {
        await cable.abortingServer(8080)
        const live = cable.live(...FAST, '--kernel').read()
        await live.until(() => live.err.includes('listening'))
        const own = () => readdirSync(INSTANCES).filter(name => name === `rst-analyze-${live.child.pid}`)
        expect(own()).toHaveLength(1)
        await cable.connect(8080)
        await live.until(() => live.resets().length === 1)
        expect(live.resets()[0]['kernel']).toMatchObject({ state: 'TCP_CLOSE', process: { name: 'node' } })
        expect(await live.stop()).toBe(0)
        expect(own()).toEqual([])
      }),
    )

    it.skipIf(!traces)('says whose socket a reset met', () =>
      withCable(async cable => {
        const server = await cable.patientServer(8080)
        const live = cable.live(...FAST, '--kernel').read()
        await live.until(() => live.err.includes('listening'))
        // Long enough for the sockets to have been looked at.
        await cable.holdAndAbort(8080, 4500)
        await live.until(() => live.resets().length === 1)
        const [reset] = live.resets()
        const statements = (reset['evidence'] as { statement: string }[]).map(line => line.statement)
        expect(statements).toContain(`a socket of this host took it: it belonged to "node" (pid ${server})`)
        expect(await live.stop()).toBe(0)
      }),
    )

    it('serves metrics, redacts what it shows and keeps, and says when the port is taken', () =>
      withCable(async cable => {
        const evidence = join(folder, 'redacted')
        const words = ['--metrics', '127.0.0.1:9464', '--redact', '--evidence', evidence]
        const live = cable.live(...FAST, ...words).read()
        await live.until(() => live.err.includes('listening'))
        await cable.connect(81, 3)
        await live.until(() => live.resets().length === 3)
        const text = await cable.fetch('http://127.0.0.1:9464/metrics')
        expect(text).toContain(
          'rst_analyze_resets_total{cause="port-closed",origin="endpoint",impact="connect-failed"} 3',
        )
        expect(text).toMatch(/rst_analyze_packets_total \d+/)
        const other = cable.live('--metrics', '127.0.0.1:9464').read()
        expect(await other.ended).toBe(1)
        expect([other.out, other.err]).toEqual([
          '',
          'rst-analyze: --metrics 127.0.0.1:9464: another program has this port: name another one\n',
        ])
        expect(await live.stop()).toBe(0)
        const kept = readdirSync(evidence).map(name => readFileSync(join(evidence, name), 'latin1'))
        expect(kept).toHaveLength(3)
        for (const shown of [live.out, text, ...kept, ...readdirSync(evidence)]) {
          expect(shown).not.toContain('10.99.7')
          expect(shown).not.toContain('\x0a\x63\x07')
        }
        expect(live.out).toContain('198.19.0.1')
      }))

    it('goes on when the disk for evidence is full, and says so once', () =>
      withCable(async cable => {
        const disk = join(folder, 'disk')
        mkdirSync(disk)
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k,mode=777', 'tmpfs', disk])
        try {
          const live = cable.live(...FAST, '--evidence', disk).read()
          await live.until(() => live.err.includes('listening'))
          await cable.connect(81, 40)
          await live.until(() => live.resets().length === 40)
          expect(await live.stop()).toBe(0)
          const lines = live.err.split('\n').filter(line => line.includes('evidence'))
          expect(lines).toEqual([
            expect.stringMatching(
              /^rst-analyze: evidence cannot be written to \S+disk: ENOSPC.*; going on without$/,
            ),
          ])
          expect(readdirSync(disk).filter(name => name.startsWith('.'))).toEqual([])
          expect(readdirSync(disk).length).toBeGreaterThan(0)
        } finally {
          execFileSync('umount', [disk])
        }
      }))

    it('captures on while nobody reads the pipe it writes to', () =>
      withCable(async cable => {
        const live = cable.liveInto('sleep 9; wc -l', ...FAST).read()
        await live.until(() => live.err.includes('listening'))
        await cable.connect(81, 100)
        await new Promise(resolve => setTimeout(resolve, 3500))
        // The shell passes no signal on.
        for (const pid of live.descendants('rst-analyze.js\0live')) process.kill(pid, 'SIGINT')
        await live.ended
        expect(Number(live.out)).toBeGreaterThanOrEqual(102)
      }))

    it('judges a stream as it comes, as nobody', () =>
      withCable(async cable => {
        const live = cable.liveFrom('tcpdump -U -n -i s0 -w - 2>/dev/null', ...FAST).read()
        await live.until(() => live.err.includes('reading a capture'))
        await cable.connect(81)
        await live.until(() => live.resets().length === 1)
        const [analyser] = live.descendants('/analyser.')
        expect(statusOf(analyser, 'Uid')).toEqual(['65534', '65534', '65534', '65534'])
        for (const pid of live.descendants('tcpdump\0-U')) process.kill(pid, 'SIGINT')
        expect(await live.ended).toBe(0)
        expect(live.lines().at(-1)?.type).toBe('summary')
      }))

    it('says in one line what is wrong, and exits with 1', () =>
      withCable(async cable => {
        const cases: [string[], RegExp][] = [
          [['--filter', 'foo bar'], /^rst-analyze: the filter does not compile: foo bar.*\n$/],
          [['--filter', '-w /tmp/x'], /^rst-analyze: the filter does not compile: .*\n$/],
          [
            ['--evidence', '/proc/nowhere'],
            /^rst-analyze: --evidence \/proc\/nowhere: cannot be written: .*\n$/,
          ],
        ]
        for (const [words, message] of cases) {
          const live = cable.live(...words).read()
          expect(await live.ended).toBe(1)
          expect([live.out, live.err]).toEqual(['', expect.stringMatching(message)])
        }
        const absent = cable.liveWithoutPrograms('--engine', 'tcpdump').read()
        expect(await absent.ended).toBe(1)
        expect([absent.out, absent.err]).toEqual([
          '',
          expect.stringMatching(
            /^rst-analyze: --engine tcpdump: tcpdump is not installed; install tcpdump .*\n$/,
          ),
        ])
        cable.link('down')
        const live = cable.live().read()
        expect(await live.ended).toBe(1)
        expect(live.err).toMatch(/^rst-analyze: s0 is down.*\n$/)
      }))
  },
)
