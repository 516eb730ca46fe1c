/** First layer of a frame, by its LINKTYPE_ number (https://www.tcpdump.org/linktypes.html). */
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { tzsp } from '../tunnel/tzsp.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { cooked, cooked2 } from './cooked.js'
import { ethernet } from './ethernet.js'
import { frameRelay } from './frame-relay.js'
import { juniper } from './juniper.js'
import { llc } from './llc.js'
import { loop, nullLink } from './loopback.js'
import { nflog } from './nflog.js'
import { erf } from './erf.js'
import { exportedPdu } from './exported.js'
import { appleFirewire, arcnet, enc, ipnet, ipOverInfiniband, pflog, pktap, sunAtm, symantec } from './odd.js'
import { ciscoHdlc, ppp, pppHdlc } from './ppp.js'
import { fddi, ipOverFibreChannel, tokenRing } from './rings.js'
import { wlan } from './wlan.js'
import { avs, ppi, prism, radiotap } from './wlan-prefix.js'

export function linkLayer(walk: Walk, linkType: number, at: number, end: number): Found {
  switch (linkType) {
    case 1: // ETHERNET
      return ethernet(walk, at, end)
    case 113: // LINUX_SLL
      return cooked(walk, at, end)
    case 276: // LINUX_SLL2
      return cooked2(walk, at, end)
    case 0: // NULL
      return nullLink(walk, at, end)
    case 108: // LOOP
      return loop(walk, at, end)
    case 12: // RAW, as numbered by most systems …
    case 14: // … by OpenBSD …
    case 101: // … and in files
    case 228: // IPV4
      return ipv4(walk, at, end)
    case 229: // IPV6
      return ipv6(walk, at, end)
    default:
      return serialLink(walk, linkType, at, end)
  }
}

function serialLink(walk: Walk, linkType: number, at: number, end: number): Found {
  switch (linkType) {
    case 9: // PPP
    case 50: // PPP_HDLC
      return pppHdlc(walk, at, end)
    case 166: // PPP_PPPD: one byte of direction
    case 204: // PPP_WITH_DIR
      return pppHdlc(walk, at + 1, end)
    case 51: // PPP_ETHER: PPPoE header without Ethernet
      return ppp(walk, at + 6, end)
    case 104: // C_HDLC
      return ciscoHdlc(walk, at, end)
    case 205: // C_HDLC_WITH_DIR
      return ciscoHdlc(walk, at + 1, end)
    case 107: // FRELAY
      return frameRelay(walk, at, end)
    case 206: // FRELAY_WITH_DIR
      return frameRelay(walk, at + 1, end)
    case 100: // ATM_RFC1483
    case 11:
      return llc(walk, at, end)
    case 106: // ATM_CLIP, and what other systems call it
    case 16:
    case 18:
    case 19:
      return ipv4(walk, at, end)
    case 123: // SUNATM
      return sunAtm(walk, at, end)
    default:
      return wirelessLink(walk, linkType, at, end)
  }
}

function wirelessLink(walk: Walk, linkType: number, at: number, end: number): Found {
  switch (linkType) {
    case 105: // IEEE802_11
      return wlan(walk, at, end)
    case 127: // IEEE802_11_RADIOTAP
      return radiotap(walk, at, end)
    case 192: // PPI
      return ppi(walk, at, end)
    case 119: // PRISM_HEADER
      return prism(walk, at, end)
    case 163: // IEEE802_11_AVS
      return avs(walk, at, end)
    default:
      return rareLink(walk, linkType, at, end)
  }
}

function rareLink(walk: Walk, linkType: number, at: number, end: number): Found {
  switch (linkType) {
    case 6: // IEEE802_5
      return tokenRing(walk, at, end)
    case 10: // FDDI
      return fddi(walk, at, end)
    case 7: // ARCNET_BSD
      return arcnet(walk, at, at + 2, end)
    case 129: // ARCNET_LINUX: two bytes of offset before the type
      return arcnet(walk, at, at + 4, end)
    case 122: // IP_OVER_FC
      return ipOverFibreChannel(walk, at, end)
    case 99: // SYMANTEC_FIREWALL
      return symantec(walk, at, end)
    case 109: // ENC
      return enc(walk, at, end)
    case 117: // PFLOG
      return pflog(walk, at, end)
    case 128: // TZSP
      return tzsp(walk, at, end)
    case 226: // IPNET
      return ipnet(walk, at, end)
    case 239: // NFLOG
      return nflog(walk, at, end)
    case 242: // IPOIB
      return ipOverInfiniband(walk, at, end)
    case 258: // PKTAP
      return pktap(walk, at, end)
    case 138: // APPLE_IP_OVER_IEEE1394
      return appleFirewire(walk, at, end)
    case 252: // WIRESHARK_UPPER_PDU
      return exportedPdu(walk, at, end)
    case 197: // ERF
      return erf(walk, at, end)
    default:
      return isJuniper(linkType) ? juniper(walk, linkType, at, end) : unknownLink(walk)
  }
}

function isJuniper(linkType: number): boolean {
  switch (linkType) {
    case 130: // JUNIPER_MLPPP
    case 131: // JUNIPER_MLFR
    case 133: // JUNIPER_GGSN
    case 135: // JUNIPER_ATM2
    case 136: // JUNIPER_SERVICES
    case 137: // JUNIPER_ATM1
    case 178: // JUNIPER_ETHER
    case 179: // JUNIPER_PPP
    case 180: // JUNIPER_FRELAY
    case 181: // JUNIPER_CHDLC
    case 183: // JUNIPER_VP
      return true
    default:
      return false
  }
}

function unknownLink(walk: Walk): Found {
  walk.notes.add('unknown-link-type', walk.frame)
  return FOUND_NONE
}
