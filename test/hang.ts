/**
 * When does another process hang? When it works for too long, or waits and does nothing at all. Its processor time tells both; the clock on
 * the wall tells how busy the machine is.
 */
import fs from 'node:fs'

/** Clock ticks a second of /proc (USER_HZ, proc(5)): 100 on every architecture that Node runs on. */
const TICKS = 100
/** A process that waits for something real has it by then. */
const IDLE_SECONDS = 120

/** Processor time that a process and its threads have used so far; undefined where /proc does not tell. */
export function cpuSecondsOf(pid: number): number | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Behind the name, which may hold spaces and parentheses: state is the third field, utime and stime are 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS
  } catch {
    return undefined
  }
}

export class HangWatch {
  private beganCpu: number
  private lastCpu: number
  private beganMs: number
  private busyMs: number

  /**
   * @param pid of the process
   * @param seconds of processor time it may use; where the system does not tell that, seconds by the clock
   */
  constructor(
    private readonly pid: number,
    private readonly seconds: number,
  ) {
    this.beganCpu = this.lastCpu = cpuSecondsOf(pid) ?? 0
    this.beganMs = this.busyMs = Date.now()
  }

  /** It has shown that it lives: counts from now on. */
  again(): void {
    this.beganCpu = this.lastCpu = cpuSecondsOf(this.pid) ?? this.lastCpu
    this.beganMs = this.busyMs = Date.now()
  }

  /** To be asked now and then. */
  get hangs(): boolean {
    const now = Date.now()
    const cpu = cpuSecondsOf(this.pid)
    if (cpu === undefined) return now - this.beganMs > this.seconds * 1000
    if (cpu > this.lastCpu) this.busyMs = now
    this.lastCpu = cpu
    return cpu - this.beganCpu > this.seconds || now - this.busyMs > IDLE_SECONDS * 1000
  }
}
