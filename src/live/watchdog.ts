/**
 * A shell that waits for the supervisor's death, to clean up after a SIGKILL: an engine on a silent link would never learn that nobody reads
 * what it writes, and a tracing instance would stay until the next start. Costs one small process.
 */
import { type ChildProcess, spawn } from 'node:child_process'

/** Reads the pid of the engine, a line whenever it changes (empty: none runs). The end of its input is the end of the supervisor. */
const SCRIPT = `trap '' INT HUP TERM QUIT
pid=
while read -r word; do pid=$word; done
[ -n "$pid" ] && kill -9 "$pid"
n=0
while [ -n "$1" ] && [ -d "$1" ] && [ $n -lt 100 ]; do
  echo 0 > "$1/events/enable"
  rmdir "$1" && break
  n=$((n + 1))
  sleep 0.2
done`

export class Watchdog {
  private readonly shell: ChildProcess

  /** @param instance folder of the tracing instance to remove, if there is one */
  constructor(instance: string | undefined) {
    this.shell = spawn('/bin/sh', ['-c', SCRIPT, 'rst-analyze-watchdog', instance ?? ''], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // Neither Ctrl-C nor whoever kills the process group may end it.
      detached: true,
      cwd: '/',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    })
    // No shell, no watchdog: the ordinary ways out need none.
    this.shell.on('error', () => {})
    this.shell.stdin!.on('error', () => {})
    this.shell.unref()
  }

  /** @param pid of the engine that runs now; undefined = none */
  engine(pid: number | undefined): void {
    this.shell.stdin!.write(`${pid ?? ''}\n`)
  }

  /** The ordinary end: nothing is left to clean up. */
  close(): void {
    this.shell.stdin!.end('\n')
  }
}
