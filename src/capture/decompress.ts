/** Compressed captures: every codec turns one byte source into another, chunk by chunk, with bounded memory. */
import { commandSource } from './command.js'
import { gzipSource } from './gzip.js'
import type { Compression } from './sniff.js'
import type { ByteSource } from './source.js'
import { zstdSource } from './zstd/index.js'

/**
 * @param packed from its first byte on; closed with the source that is returned
 * @param size of the packed file, null when unknown
 * @param label for messages
 */
export function decompress(
  packed: ByteSource,
  compression: Compression,
  size: number | null,
  label: string,
): ByteSource {
  switch (compression) {
    case 'gzip':
      return gzipSource(packed, size)
    case 'zstd':
      return zstdSource(packed, label)
    case 'xz':
      // The limit keeps a hostile header from asking for gigabytes; xz -9 needs 65 MiB.
      return commandSource(
        packed,
        'xz',
        ['--decompress', '--stdout', '--quiet', '--memlimit-decompress=256MiB'],
        label,
      )
    case 'lz4':
      return commandSource(packed, 'lz4', ['-d', '-c', '-q'], label)
  }
}
