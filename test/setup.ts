/** Says once, before any test runs, which oracles are missing and what is skipped for it. */
import { spawnSync } from 'node:child_process'

/** Program → what cannot be checked without it. */
const ORACLES: Record<string, string> = {
  tshark: 'comparison with Wireshark',
  tcpdump: 'comparison with tcpdump',
  capinfos: 'comparison with capinfos',
  xz: 'xz-compressed captures',
  lz4: 'lz4-compressed captures',
  zstd: 'zstd-compressed captures',
}

export default function setup(): void {
  const missing = Object.keys(ORACLES).filter(
    name => spawnSync(name, ['--version'], { stdio: 'ignore' }).error,
  )
  if (missing.length === 0) return
  const required = process.env['RST_ANALYZE_REQUIRE'] === '1'
  for (const name of missing) {
    process.stderr.write(
      `${required ? 'required' : 'skipped'}: ${ORACLES[name]}, for ${name} is not installed\n`,
    )
  }
  if (required) throw new Error(`RST_ANALYZE_REQUIRE=1, but not installed: ${missing.join(', ')}`)
}
