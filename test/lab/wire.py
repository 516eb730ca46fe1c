"""A long cable between two interfaces of one namespace: passes frames on after a delay, as so many hops would.

Settings are JSON, the first as argument, later ones as lines on standard input; each replaces what it names:
  delay    ms one way       delay6  the same for IPv6, where it differs
  hops     how far TTL and hop limit go down
  dropTo   'server' | 'client' | 'both' | null: frames in that direction are lost
  mtu      larger IP packets are lost without a word (a path-MTU black hole)
"""
import heapq, json, os, select, socket, sys, time

left, right = sys.argv[1], sys.argv[2]
rules = {'delay': 0, 'delay6': None, 'hops': 1, 'dropTo': None, 'mtu': None}
rules.update(json.loads(sys.argv[3]))


def attach(name):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.setsockopt(263, 23, 1)  # SOL_PACKET, PACKET_IGNORE_OUTGOING: do not hear ourselves
    sock.bind((name, 0))
    return sock


def age(frame):
    """TTL less hops, header checksum kept right."""
    packet = bytearray(frame)
    kind = packet[12:14]
    if kind == b'\x08\x00':
        packet[22] = max(1, packet[22] - rules['hops'])
        packet[24:26] = b'\0\0'
        total = sum(packet[i] << 8 | packet[i + 1] for i in range(14, 34, 2))
        total = (total & 0xffff) + (total >> 16)
        total = (total & 0xffff) + (total >> 16)
        packet[24:26] = (~total & 0xffff).to_bytes(2, 'big')
    elif kind == b'\x86\xdd':
        packet[21] = max(1, packet[21] - rules['hops'])
    return bytes(packet)


def lost(frame, towards):
    return rules['dropTo'] in (towards, 'both') or (rules['mtu'] and len(frame) - 14 > rules['mtu'])


a, b = attach(left), attach(right)
queue = []  # (release time, serial, socket, frame)
serial = 0
sources = [a, b, sys.stdin]
print('ready', flush=True)
while True:
    wait = max(0, queue[0][0] - time.monotonic()) if queue else 60
    for source in select.select(sources, [], [], wait)[0]:
        if source is sys.stdin:
            line = sys.stdin.readline()
            if not line:
                os._exit(0)
            rules.update(json.loads(line))
            print('ready', flush=True)
            continue
        try:
            frame = source.recv(70000)
        except OSError:  # the interface went down or away
            continue
        out, towards = (b, 'server') if source is a else (a, 'client')
        if frame[12:14] not in (b'\x08\x00', b'\x86\xdd') or lost(frame, towards):
            continue
        slow = rules['delay6'] if frame[12:14] == b'\x86\xdd' and rules['delay6'] is not None else rules['delay']
        serial += 1
        heapq.heappush(queue, (time.monotonic() + slow / 1000, serial, out, age(frame)))
    while queue and queue[0][0] <= time.monotonic():
        _, _, out, frame = heapq.heappop(queue)
        try:
            out.send(frame)
        except OSError:  # the link went down: so does the frame
            pass
