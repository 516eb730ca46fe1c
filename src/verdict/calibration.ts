/**
 * From the share of the best cause to the probability that it is right. The scores are argued, not fitted (see causes/define.ts); only this
 * step is read off labelled captures (`npm run accuracy -- --fit` prints the bins) and reported on others. The best of several causes is
 * right far more often than its share says: the runners-up are mostly near relatives that share its evidence.
 */
import type { Facts } from '../evidence/index.js'
import type { CauseId } from '../model.js'

/** Share at and above which `probability` holds; linear in between. */
const POINTS: readonly { share: number; probability: number }[] = [
  { share: 0, probability: 0.4 },
  { share: 0.4, probability: 0.68 },
  { share: 0.6, probability: 0.82 },
  { share: 0.8, probability: 0.91 },
  { share: 0.95, probability: 0.96 },
  { share: 1, probability: 0.985 },
]

export function calibrate(_cause: CauseId, share: number, _facts: Facts): number {
  const above = POINTS.findIndex(p => p.share >= share)
  if (above <= 0) return POINTS[0].probability
  const [a, b] = [POINTS[above - 1], POINTS[above]]
  const p = a.probability + ((share - a.share) / (b.share - a.share)) * (b.probability - a.probability)
  return Math.round(p * 1000) / 1000
}
