/** From root to nobody, with no way back; and who nobody is. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { CaptureError } from '../capture/error.js'
import type { Account } from './link.js'

/** What "nobody" is where no file says so. */
const NOBODY: Account = { name: 'nobody', uid: 65534, gid: 65534 }

export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** @returns undefined when there is no such user */
export function findAccount(name: string): Account | undefined {
  const line = entryOf(name, readPasswd()) ?? entryOf(name, askedOf(name))
  if (line === undefined) return name === NOBODY.name ? NOBODY : undefined
  const [found, , uid, gid] = line.split(':')
  return { name: found, uid: Number(uid), gid: Number(gid) }
}

/** The line of /etc/passwd for a name or a number. */
function entryOf(name: string, passwd: string): string | undefined {
  const lines = passwd.split('\n').filter(line => /^[^:]+:[^:]*:\d+:\d+:/.test(line))
  return lines.find(line => line.split(':')[0] === name) ?? lines.find(line => line.split(':')[2] === name)
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8')
  } catch {
    return ''
  }
}

/** Users that a directory service knows. */
function askedOf(name: string): string {
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as const
    return execFileSync('getent', ['passwd', '--', name], {
      encoding: 'utf8',
      timeout: 5000,
      stdio: [...stdio],
    })
  } catch {
    return ''
  }
}

/** Becomes another user for good. @throws CaptureError when anything of root would stay */
export function become({ name, uid, gid }: Account): void {
  if (!process.setuid) throw new CaptureError('this system has no users')
  try {
    // Missing in the types of Node 20.
    const { initgroups } = process as { initgroups?: (user: string, group: number) => void }
    initgroups!.call(process, name, gid)
  } catch {
    // Nobody knows the user by name; then it is in no other group.
    process.setgroups!([gid])
  }
  process.setgid!(gid)
  process.setuid(uid)
  if (uid !== 0 && !isPowerless())
    throw new CaptureError(`--user ${name}: privileges cannot be given up here`)
}

/** No way back to root, and no capability kept. */
function isPowerless(): boolean {
  if (process.getuid?.() === 0 || process.geteuid?.() === 0 || process.getegid?.() === 0) return false
  if (process.getgroups?.().includes(0)) return false
  try {
    process.setuid?.(0)
    return false
  } catch {
    return capabilities(['CapPrm', 'CapEff', 'CapAmb']) === 0n
  }
}

/** Capabilities of this process in any of these sets; 0 where the system has none. */
export function capabilities(sets: string[]): bigint {
  let status: string
  try {
    status = readFileSync('/proc/self/status', 'utf8')
  } catch {
    return 0n
  }
  const of = (set: string) =>
    BigInt(`0x${new RegExp(`^${set}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`)
  return sets.reduce((all, set) => all | of(set), 0n)
}
