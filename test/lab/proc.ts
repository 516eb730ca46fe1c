/** Child processes that end with the run, whatever happens. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { rmSync, rmdirSync, writeFileSync } from 'node:fs'

const children = new Set<ChildProcess>()
const namespaces = new Set<string>()
const instances = new Set<string>()
const directories = new Set<string>()

export const sleep = (ms: number) => new Promise<void>(done => setTimeout(done, ms))

/** Ignores the failure of what is meant to fail. */
export const quiet = <T>(work: Promise<T>): Promise<T | undefined> => work.catch(() => undefined)

export function start(command: string, args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  children.add(child)
  child.on('exit', () => children.delete(child))
  child.on('error', () => children.delete(child))
  child.stdin?.on('error', () => {}) // a killed child closes its input under our hands
  return child
}

/** Runs a command to its end; its standard output. Rejects on failure or after 60 s. */
export function run(command: string, args: string[], input = ''): Promise<string> {
  return new Promise((done, fail) => {
    const child = execFile(command, args, { timeout: 60_000, maxBuffer: 64 << 20 }, (error, out, err) =>
      error ? fail(new Error(`${command} ${args.join(' ')}: ${err || error.message}`)) : done(out),
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** Waits until the child writes `text` on either output, at most 10 s. */
export function says(child: ChildProcess, text: string): Promise<void> {
  return new Promise((done, fail) => {
    let heard = ''
    const timer = setTimeout(() => fail(new Error(`no "${text}" but "${heard.slice(-300)}"`)), 10_000)
    const hear = (piece: Buffer) => {
      heard += piece
      if (!heard.includes(text)) return
      clearTimeout(timer)
      done()
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.on('exit', code => {
      clearTimeout(timer)
      fail(new Error(`ended with ${code}: ${heard.slice(-300)}`))
    })
  })
}

/** Sends a signal and waits for the end; kills after 3 s. */
export async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>(done => child.once('exit', () => done()))
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000)
  await ended
  clearTimeout(timer)
}

export const owns = {
  namespace: (name: string) => namespaces.add(name),
  instance: (path: string) => instances.add(path),
  directory: (path: string) => directories.add(path),
}

/** Everything made here, unmade; synchronous, so that it also runs while the process exits. */
export function cleanUp(): void {
  for (const child of children) child.kill('SIGKILL')
  for (const name of namespaces) spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' })
  for (const path of instances) {
    try {
      writeFileSync(`${path}/tracing_on`, '0')
      rmdirSync(path)
    } catch {
      // gone already
    }
  }
  for (const path of directories) rmSync(path, { recursive: true, force: true })
  for (const set of [children, namespaces, instances, directories]) set.clear()
}

process.on('exit', cleanUp)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))
