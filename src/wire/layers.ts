/** Encapsulating layers as remembered in `Segment.layers`, and their words for reports. */
export const LAYER_VLAN = 1
export const LAYER_MPLS = 2
export const LAYER_PPPOE = 3
export const LAYER_GRE = 4
export const LAYER_ERSPAN = 5
export const LAYER_IP_IN_IP = 6
export const LAYER_VXLAN = 7
export const LAYER_GENEVE = 8
export const LAYER_GTP = 9
/** Ethernet inside something that is no tunnel of its own (MPLS pseudowire, GRE, SNAP bridging). */
export const LAYER_ETHERNET = 10
export const LAYER_L2TP = 11
export const LAYER_TEREDO = 12
export const LAYER_CAPWAP = 13
export const LAYER_LISP = 14
export const LAYER_NSH = 15
export const LAYER_MACSEC = 16
export const LAYER_PBB = 17
export const LAYER_TZSP = 18
export const LAYER_SFLOW = 19
export const LAYER_AH = 20
export const LAYER_ETHERIP = 21
/** 802.1BR E-tag, VN-tag, 802.1CB R-tag, HSR, TRILL, Cisco metadata: tags of a network's own fabric. */
export const LAYER_FABRIC = 22
export const LAYER_AYIYA = 23
export const LAYER_MOBILE_IP = 24
export const LAYER_MIRROR = 25

const WORDS = [
  '',
  'vlan',
  'mpls',
  'pppoe',
  'gre',
  'erspan',
  'ip-in-ip',
  'vxlan',
  'geneve',
  'gtp',
  'ethernet',
  'l2tp',
  'teredo',
  'capwap',
  'lisp',
  'nsh',
  'macsec',
  'pbb',
  'tzsp',
  'sflow',
  'ah',
  'etherip',
  'fabric-tag',
  'ayiya',
  'mobile-ip',
  'mirror',
] as const

/** @param id VLAN id, MPLS label, session, VNI, TEID or key; -1 when the layer has none */
export function layerWords(kind: number, id: number): string {
  const word = WORDS[kind] ?? `layer-${kind}`
  return id === -1 ? word : `${word} ${id >>> 0}`
}
