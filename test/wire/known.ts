/** Where the decoder and tshark 4.0 differ on purpose, or where agreeing is not worth its code. README.md has the long version. */
export interface KnownDifference {
  /** Names of catalog frames (and of damaged ones made from them). */
  frames: RegExp
  why: string
  /** An undamaged frame of the catalog shows it. */
  inCatalog: boolean
}

export const KNOWN_DIFFERENCES: KnownDifference[] = [
  {
    frames: /^mpls-(pw|nib)/,
    why: 'whether a pseudowire has a control word: tshark looks the makers of both addresses up in a table',
    inCatalog: false,
  },
  {
    frames: /^(isl|fpath|ppp-bcp4|erf-eth)$/,
    why: 'tshark takes the last four bytes of a wrapped frame for its check sequence, and so off the payload where there is none',
    inCatalog: true,
  },
  {
    frames: /^udp-l2tp/,
    why: 'tshark remembers that a conversation was L2TP and reads it so on other ports too',
    inCatalog: false,
  },
  {
    frames: /^gre-ppphdlc$/,
    why: 'PPP in byte-stuffed HDLC inside GRE (CDMA2000) is not unstuffed',
    inCatalog: true,
  },
  {
    frames: /^jun13[57]-ppp@/,
    why: 'Juniper ATM: tshark reads from the cookie what follows, the decoder guesses by its first bytes',
    inCatalog: true,
  },
]
