/** Every kind of frame the decoder knows, and neighbours that it must not take for them. */
import { cutFrames } from './catalog-cut.js'
import { ethernetFrames } from './catalog-ethernet.js'
import { ipFrames } from './catalog-ip.js'
import { juniperFrames } from './catalog-juniper.js'
import { linkFrames } from './catalog-links.js'
import { rareFrames } from './catalog-rare.js'
import { udpFrames } from './catalog-udp.js'
import type { TestFrame } from './judge.js'

export const everyLayer: TestFrame[] = [
  ...cutFrames,
  ...ethernetFrames,
  ...ipFrames,
  ...udpFrames,
  ...linkFrames,
  ...rareFrames,
  ...juniperFrames,
]
