/** What the fourth blind set runs besides the servers of the others: programs in Go and Java, Gunicorn, Puma, Caddy. */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host } from './host.ts'
import { owns, run } from './proc.ts'

const source = (name: string) => new URL(name, import.meta.url).pathname
let built: Promise<string> | undefined

/** fourth.go and Fourth.java, made once a run; the directory they are in. */
async function build(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'rst-lab-built-'))
  owns.directory(directory)
  await run('go', ['build', '-o', join(directory, 'fourth'), source('fourth.go')])
  await run('javac', ['-d', directory, source('Fourth.java')])
  return directory
}

/** The program of fourth.go that the first word names. */
export async function golang(host: Host, words: (string | number)[], port?: number) {
  built ??= build()
  return host.program(join(await built, 'fourth'), words.map(String), port)
}

/** The program of Fourth.java that the first word names. */
export async function java(host: Host, words: (string | number)[], port?: number) {
  built ??= build()
  // A dual-stack listener is named in the kernel's trace by its mapped address.
  const family = host.address.includes(':') ? [] : ['-Djava.net.preferIPv4Stack=true']
  const machine = ['-XX:TieredStopAtLevel=1', '-Xmx64m', ...family, '-cp', await built, 'Fourth']
  return host.program('/usr/bin/java', [...machine, ...words.map(String)], port)
}

/** Waits until a program ends by itself. */
export const ended = (child: ChildProcess) =>
  new Promise<void>(done => (child.exitCode === null ? child.once('exit', () => done()) : done()))

/** Gunicorn whose one answer is a line; it never reads a body. */
export async function gunicorn(host: Host, port: number, words: string[], status = '200 OK') {
  writeFileSync(
    join(host.directory, 'labsite.py'),
    `def app(env, start):\n    start('${status}', [('Content-Type', 'text/plain'), ('Content-Length', '5')])\n    return [b'fine\\n']\n`,
  )
  const where = ['--chdir', host.directory, '-b', `${host.bracketed}:${port}`, '-w', '1']
  return host.program('/usr/bin/gunicorn', [...where, ...words, 'labsite:app'], port)
}

/** Puma with an application of one expression. */
export async function puma(host: Host, port: number, lines: string[], body = '["fine\\n"]') {
  const file = join(host.directory, `puma-${port}.rb`)
  const conf = [
    `bind 'tcp://${host.bracketed}:${port}'`,
    `app { |env| [200, { 'content-type' => 'text/plain' }, ${body}] }`,
    ...lines,
    '',
  ]
  writeFileSync(file, conf.join('\n'))
  return host.program('/usr/bin/puma', ['-C', file], port)
}

/** A site that says one thing. */
export const caddy = (host: Host, port: number, body: string) =>
  host.program('/usr/bin/caddy', ['respond', '--listen', `${host.bracketed}:${port}`, body], port)
