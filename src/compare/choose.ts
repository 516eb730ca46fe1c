/** Which of the two captures tells a reset's story: the one that shows more of the connection, then the one nearer to whoever sent it. */
import type { Case } from '../evidence/index.js'
import type { Scene } from './fate.js'
import type { Part } from './groups.js'
import type { Union } from './merge.js'

export interface Chosen {
  part: Part
  item: Case
}

/** @param cases of the union's parts, in the same order */
export function chooseCase({ parts }: Union, cases: Case[], scene: Scene): Chosen {
  const ranked = parts.map((part, i) => ({ part, item: cases[i], score: worth(part, cases[i], scene) }))
  // The first capture wins a tie only where nothing tells them apart.
  ranked.sort((x, y) => y.score - x.score || x.part.index - y.part.index)
  return ranked[0]
}

function worth({ connection, index, group }: Part, { facts }: Case, { near }: Scene): number {
  const { client, server } = connection.sides
  return (
    (client.synSeen ? 3 : 0) +
    (server.synSeen ? 1 : 0) +
    (client.segments > 0 && server.segments > 0 ? 3 : 0) +
    // A short snap length hides what was said.
    (facts.senderRejection !== undefined || facts.peerRejection !== undefined ? 2 : 0) +
    (facts.requestOutstanding !== undefined || facts.exchangeComplete !== undefined ? 2 : 0) +
    (facts.responseInProgress !== undefined || facts.requestInProgress !== undefined ? 1 : 0) +
    (facts.resetBefore ? 2 : 0) -
    (connection.unseenBytes > 0 ? 3 : 0) +
    // Where it was sent, its trigger stands right before it; and what crossed it on the way does not confuse.
    (near(connection, index, group.view.sender.side) === index ? 1.5 : 0)
  )
}
