"""Segments of any kind, for the agent: what no well-behaved socket would send."""
import socket, struct


def family(host):
    return socket.AF_INET6 if ':' in host else socket.AF_INET


def raw(host):
    sock = socket.socket(family(host), socket.SOCK_RAW, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, 36, 7)  # SO_MARK: lets packet filters tell our segments from the kernel's
    sock.settimeout(5)
    if ':' in host:
        sock.setsockopt(socket.IPPROTO_IPV6, 7, 16)  # IPV6_CHECKSUM: the kernel fills in offset 16
    return sock


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def raw_send(sock, source, host, sport, dport, seq, ack, flags, window=64240, data='', options=''):
    head = bytes.fromhex(options)
    body = data.encode('latin-1')
    offset = (20 + len(head)) // 4 << 4
    parts = (sport, dport, seq % 2**32, ack % 2**32, offset, flags, window)
    segment = struct.pack('!HHIIBBHHH', *parts, 0, 0) + head + body
    if ':' not in host:
        pseudo = socket.inet_aton(source) + socket.inet_aton(host) + struct.pack('!BBH', 0, 6, len(segment))
        segment = struct.pack('!HHIIBBHHH', *parts, checksum(pseudo + segment), 0) + head + body
    sock.sendto(segment, (host, 0))
    return True


def raw_recv(sock, sport, dport, flags, mask=0x17):
    """The next arriving segment between two ports with these flags."""
    while True:
        packet = sock.recv(65536)
        if sock.family == socket.AF_INET:
            packet = packet[(packet[0] & 15) * 4:]
        a, b, seq, ack, offset, got = struct.unpack('!HHIIBB', packet[:14])
        if a == sport and b == dport and got & mask == flags:
            return {'seq': seq, 'ack': ack, 'length': len(packet) - (offset >> 4) * 4}
