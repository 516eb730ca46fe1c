/** Addresses as text, each written once: a capture knows few of them, and a look-up by the same string is a comparison of pointers. */
import { addressText } from '../wire/text.js'
import { KeyTable } from './key-table.js'
import { ADDRESS_WORDS } from './tuple.js'

/** By version: an IPv4 address and the IPv6 address it is mapped to have the same words. */
export class AddressTexts {
  private readonly tables: Record<4 | 6, { ids: KeyTable; texts: string[] }> = {
    4: { ids: new KeyTable(ADDRESS_WORDS), texts: [] },
    6: { ids: new KeyTable(ADDRESS_WORDS), texts: [] },
  }

  /** @param words as for `addressText` */
  text(words: Int32Array, ipVersion: 4 | 6): string {
    const { ids, texts } = this.tables[ipVersion]
    const id = ids.add(words)
    if (ids.added) texts[id] = addressText(words, ipVersion)
    return texts[id]
  }
}
