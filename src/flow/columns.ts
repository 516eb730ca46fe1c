/** Columns of numbers that grow. */

/** A longer copy; what is new holds `value`. Grows by half at least, so that growing stays cheap however often it is asked for. */
export function grown(column: Int32Array, length: number, value: number): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(Math.max(length, Math.ceil(column.length * 1.5), 64))
  longer.set(column)
  if (value !== 0) longer.fill(value, column.length)
  return longer
}

export function grownTimes(column: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(Math.max(length, Math.ceil(column.length * 1.5), 64))
  longer.set(column)
  return longer
}
