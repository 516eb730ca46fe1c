/** Counting in sorted lists: what is asked for every reset of a flood must not look at all the others. */

/** First index in [from, to) whose value does not pass; `passes` holds for a beginning of the list and for nothing behind it. */
export function boundary(
  sorted: readonly number[],
  from: number,
  to: number,
  passes: (value: number) => boolean,
): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (passes(sorted[middle])) low = middle + 1
    else high = middle
  }
  return low
}

export function ascending(values: number[]): number[] {
  return values.sort((a, b) => a - b)
}

const ordered = new WeakMap<readonly { timeNs: number }[] | readonly number[], boolean>()

/** Whether a time line never steps back; asked often, looked at once. */
export function inOrder(times: readonly number[] | readonly { timeNs: number }[]): boolean {
  if (times.length < 2) return true
  let known = ordered.get(times)
  if (known === undefined) {
    const at = (i: number) => timeOf(times[i])
    known = true
    for (let i = 1; known && i < times.length; i++) known = at(i) >= at(i - 1)
    ordered.set(times, known)
  }
  return known
}

function timeOf(entry: number | { timeNs: number }): number {
  return typeof entry === 'number' ? entry : entry.timeNs
}

/** Index of the first entry later than a moment; 0 in a time line that steps back, where any entry may be. */
export function firstAfter(times: readonly number[] | readonly { timeNs: number }[], timeNs: number): number {
  if (!inOrder(times)) return 0
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (timeOf(times[middle]) <= timeNs) low = middle + 1
    else high = middle
  }
  return low
}

/** Where the first one stands that is not before a time; the length where all are. */
export function lowerBound(list: readonly { timeNs: number }[], timeNs: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle].timeNs < timeNs) low = middle + 1
    else high = middle
  }
  return low
}
