/** LINKTYPE_ numbers and names, https://www.tcpdump.org/linktypes.html. Only what captures of IP networks may bear. */
export const LINK_TYPES: Readonly<Record<number, string>> = {
  0: 'NULL',
  1: 'EN10MB',
  3: 'AX25',
  6: 'IEEE802_5',
  7: 'ARCNET_BSD',
  8: 'SLIP',
  9: 'PPP',
  10: 'FDDI',
  // DLT_RAW of BSD and of OpenBSD; libpcap writes 101 into files.
  12: 'RAW',
  14: 'RAW',
  50: 'PPP_HDLC',
  51: 'PPP_ETHER',
  100: 'ATM_RFC1483',
  101: 'RAW',
  104: 'C_HDLC',
  105: 'IEEE802_11',
  107: 'FRELAY',
  108: 'LOOP',
  109: 'ENC',
  113: 'LINUX_SLL',
  114: 'LTALK',
  117: 'PFLOG',
  119: 'IEEE802_11_PRISM',
  122: 'IP_OVER_FC',
  123: 'SUNATM',
  127: 'IEEE802_11_RADIOTAP',
  129: 'ARCNET_LINUX',
  130: 'JUNIPER_MLPPP',
  138: 'APPLE_IP_OVER_IEEE1394',
  143: 'DOCSIS',
  144: 'LINUX_IRDA',
  147: 'USER0',
  163: 'IEEE802_11_AVS',
  166: 'PPP_PPPD',
  178: 'JUNIPER_ETHER',
  179: 'JUNIPER_PPP',
  180: 'JUNIPER_FRELAY',
  181: 'JUNIPER_CHDLC',
  186: 'USB',
  187: 'BLUETOOTH_HCI_H4',
  189: 'USB_LINUX',
  192: 'PPI',
  195: 'IEEE802_15_4_WITHFCS',
  197: 'ERF',
  204: 'PPP_WITH_DIR',
  205: 'C_HDLC_WITH_DIR',
  206: 'FRELAY_WITH_DIR',
  219: 'LINUX_LAPD',
  220: 'USB_LINUX_MMAPPED',
  224: 'FC_2',
  226: 'IPNET',
  227: 'CAN_SOCKETCAN',
  228: 'IPV4',
  229: 'IPV6',
  231: 'DBUS',
  239: 'NFLOG',
  240: 'NETANALYZER',
  241: 'NETANALYZER_TRANSPARENT',
  242: 'IPOIB',
  247: 'INFINIBAND',
  249: 'USBPCAP',
  251: 'BLUETOOTH_LE_LL',
  253: 'NETLINK',
  258: 'PKTAP',
  259: 'EPON',
  266: 'USB_DARWIN',
  271: 'VSOCK',
  274: 'ETHERNET_MPACKET',
  276: 'LINUX_SLL2',
  279: 'EBHSCR',
  288: 'USB_2_0',
  290: 'ETW',
}

/** Name without the LINKTYPE_ prefix, e.g. "EN10MB"; "LINKTYPE_<n>" for numbers not in the table. */
export function linkTypeName(linkType: number): string {
  return LINK_TYPES[linkType] ?? `LINKTYPE_${linkType}`
}

/** D-Bus and USB messages can be up to 128 MiB long; neither carries TCP that is decoded. */
const LARGE = new Set([186, 189, 220, 231, 249, 266, 279, 288])

/** Most captured bytes a record of this link type can plausibly have: the limits at which Wireshark 4.0 calls a file damaged. */
export function maxCapturedBytes(linkType: number): number {
  return LARGE.has(linkType) ? 128 * 1024 * 1024 : 262_144
}
