/** Everyday runs take samples; .ci/run (RST_ANALYZE_REQUIRE=1) takes everything. */
export const EVERYTHING = process.env['RST_ANALYZE_REQUIRE'] === '1'

/** Everything where everything is required, else every `oneIn`th, beginning with the first. */
export function everyday<T>(oneIn: number, all: readonly T[]): T[] {
  return all.filter((_, i) => EVERYTHING || i % oneIn === 0)
}
