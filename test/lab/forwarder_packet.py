"""Ethernet/IPv4/IPv6/TCP: just enough to read a frame, change it, and build one from nothing."""
import socket
import struct

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
FLAG_LETTERS = {'F': FIN, 'S': SYN, 'R': RST, 'P': PSH, 'A': ACK, 'U': URG, 'E': 64, 'C': 128}
MASK = 0xFFFFFFFF


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Packet:
    """One TCP packet in an Ethernet frame; `frame` is the bytes, the rest was read from them."""

    def __init__(self, frame):
        self.frame = bytearray(frame)
        self.version = 4 if frame[12:14] == b'\x08\x00' else 6
        self._read_ip()
        self._read_tcp()

    def _read_ip(self):
        f = self.frame
        if self.version == 4:
            self.l4 = 14 + (f[14] & 15) * 4
            self.end = 14 + struct.unpack_from('!H', f, 16)[0]
            self.ipid, = struct.unpack_from('!H', f, 18)
            self.tos, self.ttl = f[15], f[22]
            self.src, self.dst = bytes(f[26:30]), bytes(f[30:34])
        else:
            self.l4 = 54
            self.end = 54 + struct.unpack_from('!H', f, 18)[0]
            self.ipid = 0
            self.tos, self.ttl = 0, f[21]
            self.flow_label = struct.unpack_from('!I', f, 14)[0] & 0xFFFFF
            self.src, self.dst = bytes(f[22:38]), bytes(f[38:54])

    def _read_tcp(self):
        f, at = self.frame, self.l4
        self.sport, self.dport, self.seq, self.ack = struct.unpack_from('!HHII', f, at)
        header = (f[at + 12] >> 4) * 4
        self.flags = f[at + 13]
        self.win, = struct.unpack_from('!H', f, at + 14)
        self.options = bytes(f[at + 20:at + header])
        self.payload = bytes(f[at + header:self.end])
        self.tsval, self.tsecr = read_timestamps(self.options)
        length = len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN)
        self.seq_end = (self.seq + length) & MASK

    def set_ttl(self, ttl):
        self.ttl = ttl
        if self.version == 4:
            self.frame[22] = ttl
            self._fix_ip_checksum()
        else:
            self.frame[21] = ttl

    def set_ipid(self, ipid):
        self.ipid = ipid
        if self.version == 4:
            struct.pack_into('!H', self.frame, 18, ipid)
            self._fix_ip_checksum()

    def set_seq(self, seq):
        struct.pack_into('!I', self.frame, self.l4 + 4, seq & MASK)
        struct.pack_into('!H', self.frame, self.l4 + 16, 0)
        total = tcp_checksum(self.src, self.dst, bytes(self.frame[self.l4:self.end]))
        struct.pack_into('!H', self.frame, self.l4 + 16, total)
        self._read_tcp()

    def _fix_ip_checksum(self):
        struct.pack_into('!H', self.frame, 24, 0)
        struct.pack_into('!H', self.frame, 24, checksum(bytes(self.frame[14:34])))


def read_timestamps(options):
    at = 0
    while at < len(options):
        kind = options[at]
        if kind == 0:
            break
        if kind == 1:
            at += 1
            continue
        if at + 1 >= len(options) or options[at + 1] < 2:
            break
        if kind == 8 and options[at + 1] == 10:
            return struct.unpack_from('!II', options, at + 2)
        at += options[at + 1]
    return None, None


def is_tcp(frame):
    if len(frame) < 54:
        return False
    if frame[12:14] == b'\x08\x00':
        return frame[23] == 6 and not frame[20] & 0x1F
    return frame[12:14] == b'\x86\xdd' and frame[20] == 6


def tcp_checksum(src, dst, tcp):
    if len(src) == 4:
        pseudo = src + dst + struct.pack('!BBH', 0, 6, len(tcp))
    else:
        pseudo = src + dst + struct.pack('!IHBB', len(tcp), 0, 0, 6)
    return checksum(pseudo + tcp)


def flag_bits(letters):
    return sum(FLAG_LETTERS[c] for c in letters)


def build(f):
    """A frame from a dict: macs, addresses, ports, seq, ack, flags, win, ttl, ipid, options, payload…"""
    options = f.get('options', b'')
    options += b'\0' * (-len(options) % 4)
    tcp = struct.pack('!HHIIBBHHH', f['sport'], f['dport'], f['seq'] & MASK, f['ack'] & MASK,
                      (20 + len(options)) // 4 << 4, f['flags'], f['win'] & 0xFFFF, 0, 0)
    tcp += options + f.get('payload', b'')
    tcp = tcp[:16] + struct.pack('!H', tcp_checksum(f['src'], f['dst'], tcp)) + tcp[18:]
    if len(f['src']) == 4:
        ip = struct.pack('!BBHHHBBH4s4s', 0x45, f.get('tos', 0), 20 + len(tcp), f['ipid'] & 0xFFFF,
                         0x4000 if f.get('df', True) else 0, f['ttl'], 6, 0, f['src'], f['dst'])
        ip = ip[:10] + struct.pack('!H', checksum(ip)) + ip[12:]
        return f['macs'] + b'\x08\x00' + ip + tcp
    first = 0x60000000 | f.get('flow_label', 0)
    ip = struct.pack('!IHBB16s16s', first, len(tcp), 6, f['ttl'], f['src'], f['dst'])
    return f['macs'] + b'\x86\xdd' + ip + tcp


def address(raw):
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)
