/**
 * A capture that could not be read at all: exit code 1. The message is one line that names the file, the reason and,
 * where there is one, the way out. Anything less than that is a note (see notes.ts), never an exception.
 */
export class CaptureError extends Error {
  override name = 'CaptureError'
}

/** Makes a file name fit for one line on a terminal: control characters become visible escapes. */
export function printable(name: string): string {
  // biome-ignore lint: control characters are exactly what is looked for
  return name.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The reason and the way out for an error of the operating system while opening or reading `path`. */
export function systemError(path: string, error: unknown): CaptureError {
  const { code, message } = error as NodeJS.ErrnoException
  const name = printable(path)
  const reasons: Record<string, string> = {
    ENOENT: `no such file: ${name}`,
    ENOTDIR: `no such file: ${name} (a part of its path is not a directory)`,
    EACCES: `cannot read ${name}: permission denied (try sudo, or change the file's mode)`,
    EPERM: `cannot read ${name}: permission denied (try sudo, or change the file's mode)`,
    EISDIR: `${name} is a directory: name the capture files in it`,
    ELOOP: `cannot open ${name}: too many symbolic links`,
    ENAMETOOLONG: `cannot open ${printable(path.slice(0, 60))}…: the name is too long`,
    EMFILE: `cannot open ${name}: too many open files (raise ulimit -n, or analyse fewer at once)`,
    EIO: `cannot read ${name}: input/output error of the disk or network file system`,
  }
  return new CaptureError(reasons[code ?? ''] ?? `cannot read ${name}: ${printable(code ?? message)}`)
}
