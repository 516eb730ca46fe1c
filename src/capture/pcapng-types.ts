/** Types of pcapng blocks: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html §11.1 */

/** Reads the same in both byte orders. */
export const SECTION_HEADER = 0x0a0d0d0a
export const INTERFACE = 1
export const PACKET = 2
export const SIMPLE_PACKET = 3
export const NAMES = 4
export const STATISTICS = 5
export const ENHANCED_PACKET = 6
export const SECRETS = 10
/** §4.7; the second one is not to be copied when its file is changed. */
const CUSTOM = 0xbad
export const CUSTOM_NO_COPY = 0x40000bad

/** Of a section header: tells the byte order. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d

/** Types that hold no packet but get a frame number in Wireshark 4.0 → least total length, below which they are damaged. */
export const NUMBERED_OTHERS = new Map([
  [CUSTOM, 16],
  [CUSTOM_NO_COPY, 16],
  [9, 35], // systemd journal entry
  [0x204, 36], // Sysdig events
  [0x216, 36],
  [0x221, 36],
])

/** Least total length of the blocks that are looked into. */
export const LEAST = new Map([
  [INTERFACE, 20],
  [PACKET, 32],
  [SIMPLE_PACKET, 16],
  [NAMES, 12],
  [STATISTICS, 24],
  [ENHANCED_PACKET, 32],
  ...NUMBERED_OTHERS,
])
