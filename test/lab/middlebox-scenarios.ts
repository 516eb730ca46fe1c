/** All scenarios of the middlebox lab, in the order in which they start: those that mostly wait come first. */
import type { Scenario } from './middlebox.ts'
import { dpi } from './middlebox-dpi.ts'
import { firewalls } from './middlebox-firewall.ts'
import { plain } from './middlebox-genuine.ts'
import { idle } from './middlebox-idle.ts'
import { blindAttacks, mirrored } from './middlebox-mirror.ts'
import { traps } from './middlebox-traps.ts'

export const scenarios: Scenario[] = [
  ...idle,
  ...plain,
  ...traps,
  ...dpi,
  ...firewalls,
  ...blindAttacks,
  ...mirrored,
]
