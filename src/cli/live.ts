/** `rst-analyze live <interface|->`: the half that may be root. What it starts judges resets as they happen and sums up when it ends. */
import { closeSync, constants, fchownSync, mkdirSync, openSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CaptureError } from '../capture/error.js'
import { chooseEngine } from '../live/engines.js'
import { interfaceLines, listInterfaces } from '../live/interfaces.js'
import type { Account } from '../live/link.js'
import { capabilities, findAccount, isRoot } from '../live/privileges.js'
import { Sockets } from '../live/sockets.js'
import { Supervisor } from '../live/supervisor.js'
import { openTrace, type Trace } from '../live/trace.js'
import { visible } from '../report/escape.js'
import { EXIT, UsageError } from './errors.js'
import type { Io } from './io.js'
import { type LivePlan, type LiveOptions, planOf, SYNTAX } from './live-syntax.js'
import { logTo, type Log } from './log.js'
import { parseArguments } from './parse.js'
import { checkTargets, TargetFile } from './targets.js'

/** The supervisor's own share of the memory: Node with a handful of modules. */
const SUPERVISOR_BYTES = 32 * 2 ** 20
/** V8's heap grows to this share of the analyser's memory; the rest is Node itself, buffers and tables. */
const HEAP_SHARE = 0.5
/** The nursery counts three times, and grows with the load unless told otherwise. */
const NURSERY_MIB = 4

export async function run(args: string[], io: Io): Promise<number> {
  const parsed = parseArguments<LiveOptions>(SYNTAX, args)
  if ('print' in parsed) {
    await io.stdout.write(parsed.print)
    return EXIT.ok
  }
  if (parsed.options.list) {
    await io.stdout.write(`${interfaceLines(listInterfaces()).map(visible).join('\n')}\n`)
    return EXIT.ok
  }
  const plan = planOf(parsed)
  await checkTargets(plan.targets, [])
  return supervise(plan, args, io)
}

async function supervise(plan: LivePlan, args: string[], io: Io): Promise<number> {
  const { options } = plan
  const log = logTo(io)
  const account = accountOf(options.user)
  const engine = plan.interface === undefined ? undefined : chooseEngine(options.engine ?? 'auto')
  if (options.evidence !== undefined) makeFolder(options.evidence, account)
  const trace = options.kernel ? askKernel(log) : undefined
  const sockets = trace && new Sockets().watch()
  const files = plan.targets.map(target => new TargetFile(target.path))
  const memoryBytes = plan.memoryBytes - SUPERVISOR_BYTES
  const supervisor = new Supervisor({
    analyser: analyserCommand(memoryBytes, args),
    engine: engine && {
      name: engine,
      request: { interface: plan.interface!, filter: options.filter, snaplen: options.snaplen, account },
    },
    account,
    trace,
    ownerOf: sockets && ((local, remote) => sockets.ownerOf(local, remote)),
    memoryBytes,
    write: async (file, text) => {
      if (text === undefined) await files[file]?.finish()
      else await files[file]?.add(text)
    },
  })
  const release = onEverySignal(io, () => supervisor.stop())
  try {
    const { code, signal, failure } = await supervisor.ended
    if (code !== null) return code
    const memory =
      signal === 'SIGABRT' || signal === 'SIGTRAP' ? ': out of memory, allow it more by --memory' : ''
    await log.error(
      failure === undefined
        ? `the analyser was ended by ${signal}${memory}`
        : `the analyser cannot be started: ${failure}${/setpriv/.test(failure) ? ' (of util-linux: takes its capabilities away)' : ''}`,
    )
    return EXIT.failed
  } finally {
    release()
    sockets?.close()
    await Promise.all(files.map(file => file.discard()))
  }
}

/** Ctrl-C, SIGTERM, and a terminal that is closed or a session that ends. */
function onEverySignal(io: Io, callback: () => void): () => void {
  const release = io.onInterrupt(callback)
  process.on('SIGHUP', callback)
  return () => {
    process.off('SIGHUP', callback)
    release()
  }
}

/** Who looks at packets: nobody, when this is root. @throws UsageError */
function accountOf(user: string | undefined): Account | undefined {
  if (!isRoot()) {
    if (user === undefined || findAccount(user)?.uid === process.getuid?.()) return undefined
    throw new UsageError(`--user ${user}: only root can become another user`)
  }
  const account = findAccount(user ?? 'nobody')
  if (!account) throw new UsageError(`--user ${user}: there is no such user`)
  return account.uid === 0 ? undefined : account
}

/** The folder for evidence belongs to who writes it; one that was there before keeps its owner. One level: below /proc, Node's recursive mkdir never ends. @throws CaptureError */
function makeFolder(path: string, account: Account | undefined): void {
  try {
    mkdirSync(path)
    if (!account) return
    const folder = openSync(path, constants.O_DIRECTORY | constants.O_NOFOLLOW)
    fchownSync(folder, account.uid, account.gid)
    closeSync(folder)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST' || !statSync(path).isDirectory())
      throw new CaptureError(`--evidence ${path}: cannot be written: ${message}`)
  }
}

/** Without a kernel that answers, sniffing goes on. */
function askKernel(log: Log): Trace | undefined {
  try {
    const trace = openTrace()
    if (!trace.reasons)
      log.info('this kernel gives no reasons for resets (Linux 6.10 does): state and process only')
    return trace
  } catch (error) {
    log.warn(`the kernel cannot be asked: ${(error as Error).message}; going on without`)
    return undefined
  }
}

function analyserCommand(memoryBytes: number, args: string[]): string[] {
  const heapMib = Math.floor((memoryBytes * HEAP_SHARE) / 2 ** 20)
  const entry = new URL(import.meta.url.endsWith('.ts') ? './analyser.ts' : './analyser.js', import.meta.url)
  const node = [
    process.execPath,
    ...process.execArgv,
    `--max-old-space-size=${heapMib}`,
    `--max-semi-space-size=${NURSERY_MIB}`,
    fileURLToPath(entry),
    ...args,
  ]
  // Capabilities that were given to a user's service would go on to whoever it starts.
  const inherited = !isRoot() && capabilities(['CapAmb', 'CapInh']) !== 0n
  return inherited
    ? ['setpriv', '--ambient-caps=-all', '--inh-caps=-all', '--no-new-privs', '--', ...node]
    : node
}
