/** Scenarios of the second blind set that somebody has looked at to better a rule: they measure nothing any more, and count as fit. */
export const STUDIED = new Set<string>([
  'exam-haproxy-checks-and-crash',
  'exam-node-agent-reset',
  'exam-path-off-by-one',
])

/** The mark of a scenario of that set: blind as long as nobody studied it. */
export const examined = <S extends { name: string }>(scenario: S): S & { blind: 2 | false } => ({
  ...scenario,
  blind: STUDIED.has(scenario.name) ? false : 2,
})
