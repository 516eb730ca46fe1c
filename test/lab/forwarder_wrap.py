"""Puts an Ethernet frame into the tunnels that a mirror port or a carrier link shows."""
import struct

from forwarder_packet import checksum

MACS = bytes.fromhex('02005e000101') + bytes.fromhex('02005e000102')
OUTER_A, OUTER_B = bytes([192, 0, 2, 11]), bytes([192, 0, 2, 12])


def ipv4(protocol, body, ttl=62):
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(body), 0x1234, 0, ttl, protocol, 0, OUTER_A, OUTER_B)
    return head[:10] + struct.pack('!H', checksum(head)) + head[12:] + body


def udp(port, body):
    return struct.pack('!HHHH', 49321, port, 8 + len(body), 0) + body


def wrap_once(kind, frame):
    ethertype, packet = frame[12:14], frame[14:]
    if kind.startswith('vlan'):
        return frame[:12] + struct.pack('!HH', 0x8100, int(kind[4:])) + frame[12:]
    if kind.startswith('svlan'):
        return frame[:12] + struct.pack('!HH', 0x88A8, int(kind[5:])) + frame[12:]
    if kind == 'pppoe':
        protocol = 0x21 if ethertype == b'\x08\x00' else 0x57
        return frame[:12] + b'\x88\x64' + struct.pack('!BBHHH', 0x11, 0, 77, len(packet) + 2, protocol) + packet
    if kind == 'mpls':
        return frame[:12] + b'\x88\x47' + struct.pack('!II', 1001 << 12 | 62, 2002 << 12 | 1 << 8 | 62) + packet
    outer = MACS + b'\x08\x00'
    if kind == 'ipip':
        return outer + ipv4(4 if ethertype == b'\x08\x00' else 41, packet)
    if kind == 'gre':
        return outer + ipv4(47, struct.pack('!H', 0) + ethertype + packet)
    if kind == 'gretap':
        return outer + ipv4(47, struct.pack('!HHI', 0x2000, 0x6558, 9) + frame)
    if kind == 'erspan':
        head = struct.pack('!HHI', 0x1000, 0x88BE, 5) + struct.pack('!HHI', 0x1000 | 12, 0x0064, 0)
        return outer + ipv4(47, head + frame)
    if kind == 'vxlan':
        return outer + ipv4(17, udp(4789, struct.pack('!II', 0x08000000, 4242 << 8) + frame))
    if kind == 'geneve':
        return outer + ipv4(17, udp(6081, struct.pack('!HHI', 0, 0x6558, 77 << 8) + frame))
    if kind == 'gtpu':
        return outer + ipv4(17, udp(2152, struct.pack('!BBHI', 0x30, 0xFF, len(packet), 0x1A2B) + packet))
    raise ValueError(kind)


def wrap(frame, kinds):
    for kind in kinds:
        frame = wrap_once(kind, bytes(frame))
    return frame
