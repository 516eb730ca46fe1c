/** Codecs that Node does not have: the system's own command, as a filter. No shell, no file names: bytes in, bytes out. */
import { spawn } from 'node:child_process'
import { CaptureError, printable } from './error.js'
import { type ByteSource, streamSource } from './source.js'
import { Defect, unpackedSource } from './unpacker.js'

/**
 * @param command must read standard input and write standard output
 * @param label of the capture, for messages
 */
export function commandSource(
  packed: ByteSource,
  command: string,
  args: string[],
  label: string,
): ByteSource {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let stderr = ''
  let spawnError: NodeJS.ErrnoException | undefined
  let inputError: unknown
  const exited = new Promise<number | null>(resolve => {
    child.on('error', error => {
      spawnError = error
      child.stdout.destroy()
      resolve(null)
    })
    child.on('close', code => resolve(code))
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(0, 500)
  })
  // It may end before it has read everything (EPIPE): its exit code tells.
  child.stdin.on('error', () => {})
  const fed = feed(packed, child.stdin).catch(error => {
    inputError = error
    child.kill()
  })

  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    const out = streamSource(child.stdout, command)
    const buffer = new Uint8Array(1 << 16)
    for (
      let count = await out.read(buffer, 0, buffer.length);
      count > 0;
      count = await out.read(buffer, 0, buffer.length)
    ) {
      yield buffer.subarray(0, count)
    }
    const code = await exited
    if (spawnError) throw missingCommand(command, label, spawnError)
    await fed
    if (inputError) throw inputError
    if (code !== 0)
      throw new Defect(
        'compression-damaged',
        `${command} could not unpack all of it (${firstLine(stderr) || `exit code ${code}`}): analysed up to there`,
      )
  }

  return unpackedSource(chunks(), packed, () => child.kill())
}

async function feed(
  packed: ByteSource,
  stdin: NodeJS.WritableStream & { destroyed: boolean },
): Promise<void> {
  const buffer = new Uint8Array(1 << 16)
  for (;;) {
    const count = await packed.read(buffer, 0, buffer.length)
    if (count === 0 || stdin.destroyed) break
    // A write is over once its callback runs: only then may the buffer be used again. An error runs it too.
    await new Promise<void>(resolve => stdin.write(buffer.subarray(0, count), () => resolve()))
  }
  stdin.end()
}

function missingCommand(command: string, label: string, error: NodeJS.ErrnoException): CaptureError {
  if (error.code !== 'ENOENT')
    return new CaptureError(`cannot run ${command} to unpack ${printable(label)}: ${error.message}`)
  return new CaptureError(
    `${printable(label)} is ${command}-compressed and the ${command} command is not installed: install it, or unpack the file elsewhere`,
  )
}

const firstLine = (text: string): string => printable(text.trim().split('\n')[0] ?? '').slice(0, 200)
