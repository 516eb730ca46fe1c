/**
 * Named, counted malformations and capture defects. Malformed traffic is data, never an exception: whoever meets it adds a note and goes on.
 * The names are part of the JSON output; the message says what it means for the reader.
 */
import type { Note } from './model.js'

/** name → what a reader should know. Alphabetical within a layer. */
export const NOTE_MESSAGES = {
  // capture
  'capture-drops': 'the capturing program reported dropped packets: facts across the gaps are unknown',
  'clock-stepped-back':
    'timestamps go backwards by more than a second: the clock was set during the capture, or pieces are out of order',
  'compression-cut': 'the compressed file ends too early: analysed up to there',
  'compression-damaged': 'the compressed data is damaged: analysed up to there',
  'damaged-block': 'a pcapng block was damaged and skipped',
  'damaged-record': 'a record header made no sense: analysed up to there',
  'no-timestamps': 'records without a timestamp (simple packet blocks): durations across them are unknown',
  'oversized-record': 'records longer than 1 MiB were counted but not looked into',
  'record-cut': 'the file ends in the middle of a record: analysed up to there',
  'trailing-garbage': 'bytes after the last record were not understood',
  'unknown-block': 'pcapng blocks of unknown types were skipped',
  'unknown-interface': 'packets of an interface that the capture never described were skipped',
  'unknown-link-type': 'frames of a link type that is not decoded were skipped',
  // wire
  'frame-cut': 'frames were cut by the snap length before the TCP header ended',
  'header-cut': 'headers that did not fit into the packet around them were skipped',
  'ip-fragment': 'IP fragments: TCP headers are read from the reassembled packet',
  'ip-header-bad': 'IP headers with impossible lengths or versions were skipped',
  'ip-total-length-zero':
    'IP packets with total length 0 (segmentation offload): the captured length was used',
  'nesting-too-deep': 'tunnels nested too deeply were not looked into',
  'tcp-header-bad': 'TCP headers with impossible lengths were skipped',
  'tcp-options-bad': 'malformed TCP options were ignored',
  // flow
  'connections-evicted': 'connections were forgotten to stay within the memory limit',
  'duplicate-frames': 'packets were recorded more than once (mirror port or `-i any`); copies were paired',
  'icmp-error-quotes-tcp': 'ICMP errors quote TCP segments (not counted as segments)',
  'rst-frames-left-out':
    'more connections were reset, or more RSTs came, than --memory has room for: these RST frames were counted and stand in no reset',
  'tables-full':
    'more attempts, listeners, sources or hosts were seen than --memory has room for: what was not remembered of them is unknown',
  // live
  'engine-restarted':
    'the capturing program ended or the interface went away: it was started again, what passed in between is unknown',
  'resets-not-judged':
    'more connections were reset at once than could be judged in the memory allowed: these were counted, not judged',
  'resets-not-kept':
    'earlier resets were reported as they happened and counted; this report lists the newest ones only',
  'verdicts-not-written':
    'verdicts were judged and counted, but not written: nobody read the output fast enough',
} as const

export type NoteName = keyof typeof NOTE_MESSAGES

/** Collects notes of one capture: counts and the first frame, whatever the number of occurrences. */
export class Notes {
  private readonly counts = new Map<NoteName, { count: number; firstFrame: number | null; message: string }>()

  /**
   * @param frame number of the frame that showed it; null when it belongs to none
   * @param message with particulars, instead of the general one; the first occurrence's stays
   */
  add(name: NoteName, frame: number | null, times = 1, message: string = NOTE_MESSAGES[name]): void {
    const entry = this.counts.get(name)
    if (entry) entry.count += times
    else this.counts.set(name, { count: times, firstFrame: frame, message })
  }

  has(name: NoteName): boolean {
    return this.counts.has(name)
  }

  /** In order of first occurrence. */
  list(): Note[] {
    return [...this.counts].map(([name, { count, firstFrame, message }]) => ({
      name,
      count,
      firstFrame,
      message,
    }))
  }
}
