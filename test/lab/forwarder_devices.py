"""Devices that stand on the lab's path: injector, idle timer, dropper, rewriter; and blind sweeps."""
import struct
import time

from forwarder_packet import ACK, FIN, MASK, RST, SYN, Packet, build, flag_bits
from forwarder_wrap import wrap  # noqa: F401  (used by forwarder.py)

OTHER = {'client': 'server', 'server': 'client'}


def number(spec, base, rng, default):
    """A header value as a scenario writes it: 7, 'copy', 'copy+2', 'random', or one of a list."""
    if spec is None:
        return default
    if isinstance(spec, (int, float)):
        return int(spec)
    if spec == 'random':
        return rng.randrange(1, 65536)
    word, sign, offset = spec.partition('+' if '+' in spec else '-')
    assert word == 'copy', spec
    return base + (int(sign + offset) if sign else 0)


def timestamps(flow, speaker, shape):
    theirs = flow.side[OTHER[speaker]].get('tsval')
    mine = flow.side[speaker].get('tsval')
    if not shape.get('timestamps') or mine is None or theirs is None:
        return b''
    return b'\x01\x01\x08\x0a' + struct.pack('!II', (mine + shape.get('tsAdvance', 20)) & MASK, theirs)


def numbers(flow, packet, sender, target, dropped):
    """The sequence and ack numbers that `target` would find exact, as known at the device."""
    if packet is None:
        return flow.side[OTHER[target]].get('next', 0), flow.side[target].get('next', 0)
    if target == sender:
        return (packet.ack if packet.flags & ACK else 0), packet.seq_end
    return packet.seq if dropped else packet.seq_end, packet.ack


def forge(forwarder, flow, shape, packet, sender, due, dropped=False, note=''):
    """One forged packet in the name of the side opposite to its target."""
    target = shape['to']
    if target in ('speaker', 'listener'):
        target = sender if target == 'speaker' else OTHER[sender]
    speaker = OTHER[target]
    seq, ack = numbers(flow, packet, sender, target, dropped)
    model = flow.side[speaker].get('packet') or flow.side[target]['packet']
    macs = bytes(model.frame[0:12])
    if model is flow.side[target]['packet']:
        macs = macs[6:12] + macs[0:6]
    bits = flag_bits(shape.get('flags', 'RA'))
    rng, last_ipid = forwarder.random, flow.side[speaker].get('ipid', 0)
    # A device that builds its reset out of the packet that triggered it copies fields it should not.
    mirror = packet if shape.get('mirror') else None
    ends = {'client': flow.client, 'server': flow.server}
    (src, sport), (dst, dport) = ends[speaker], ends[target]
    frame = build({
        'macs': macs, 'src': src, 'dst': dst, 'sport': sport, 'dport': dport,
        'seq': seq + shape.get('seqOff', 0),
        'ack': ack + shape.get('ackOff', 0) if bits & ACK else shape.get('bareAck', 0),
        'flags': bits,
        'win': mirror.win if mirror else number(shape.get('win'), model.win, rng, 0),
        'ttl': number(shape.get('ttl'), model.ttl, rng, 64),
        'ipid': mirror.ipid if mirror else number(shape.get('ipid'), last_ipid, rng, 0),
        'df': shape.get('df', True), 'tos': shape.get('tos', 0),
        'flow_label': shape.get('label', 0),
        'options': timestamps(flow, speaker, shape), 'payload': bytes.fromhex(shape.get('payload', '')),
    })
    behind = packet is not None and target != sender and not dropped
    forwarder.emit(frame, target, due + shape.get('delayMs', 0) / 1000, behind, note)


def travel(forwarder, sender, target, at_device):
    """Seconds from a packet's arrival in the forwarder until the forged answer leaves it."""
    one_way = forwarder.config['delayMs'] / 1000
    place = at_device if sender == 'client' else 1 - at_device
    return 2 * place * one_way if target == sender else one_way


class Injector:
    """Sees copies (or, with dropTrigger/after, the packets themselves) and forges resets on a trigger."""

    def __init__(self, spec):
        self.spec = spec
        self.residual = {}

    def wants(self, flow, packet, sender):
        trigger = self.spec['trigger']
        if trigger.get('dir', sender) != sender or packet.flags & RST:
            return False
        if 'port' in trigger and flow.server[1] != trigger['port']:
            return False
        kind = trigger['on']
        if kind == 'syn':
            return packet.flags & (SYN | ACK) == SYN
        if kind == 'synack':
            return packet.flags & (SYN | ACK) == SYN | ACK
        if kind == 'ack':
            return not packet.flags & (SYN | FIN) and not packet.payload
        if kind == 'payload':
            return trigger['contains'].encode() in packet.payload
        if kind == 'bytes':
            return bool(packet.payload) and flow.side[sender]['bytes'] >= trigger['atLeast']
        raise ValueError(kind)

    def see(self, forwarder, flow, packet, sender, now, silence):
        spec = self.spec
        pair = (flow.client[0], flow.server)
        punished = packet.flags & (SYN | ACK) == SYN and self.residual.get(pair, 0) > now
        if flow.marks.get(id(self)) and not punished:
            drops = spec.get('after', 'pass')
            return 'drop' if drops == 'drop' or drops == 'drop-' + sender else None
        if not punished and not self.wants(flow, packet, sender):
            return None
        flow.marks[id(self)] = True
        if 'residualMs' in spec:
            self.residual[pair] = now + spec['residualMs'] / 1000
        for shape in spec['residualShapes'] if punished else spec['shapes']:
            target = {'speaker': sender, 'listener': OTHER[sender]}.get(shape['to'], shape['to'])
            due = now + travel(forwarder, sender, target, spec.get('position', 0.3)) + 0.0003
            forge(forwarder, flow, shape, packet, sender, due, dropped=spec.get('dropTrigger', False))
        return 'drop' if spec.get('dropTrigger') else None

    def tick(self, forwarder, now):
        pass


class IdleTimer:
    """Forgets a connection after silence: at expiry it may reset both sides, later who speaks."""

    def __init__(self, spec):
        self.spec = spec

    def see(self, forwarder, flow, packet, sender, now, silence):
        if packet.flags & SYN:
            flow.marks.pop('forgotten', None)
            return None
        if silence * 1000 >= self.spec['timeoutMs'] or flow.marks.get('forgotten'):
            flow.marks['forgotten'] = True
            if not packet.flags & RST:
                for shape in self.spec.get('onSpeak', []):
                    target = {'speaker': sender, 'listener': OTHER[sender]}.get(shape['to'], shape['to'])
                    due = now + travel(forwarder, sender, target, self.spec.get('position', 0.3)) + 0.0002
                    forge(forwarder, flow, shape, packet, sender, due, dropped=True)
            return 'drop'
        return None

    def tick(self, forwarder, now):
        for flow in list(forwarder.flows.values()):
            idle = (now - flow.last_seen) * 1000 >= self.spec['timeoutMs']
            if idle and not flow.marks.get('forgotten') and self.spec.get('onExpiry'):
                flow.marks['forgotten'] = True
                for shape in self.spec['onExpiry']:
                    forge(forwarder, flow, shape, None, None, now)


class Lifetime:
    """Ends every connection at the same age, busy or not."""

    def __init__(self, spec):
        self.spec = spec

    def see(self, forwarder, flow, packet, sender, now, silence):
        return 'drop' if flow.marks.get('over') and self.spec.get('after') == 'drop' else None

    def tick(self, forwarder, now):
        for flow in list(forwarder.flows.values()):
            if (now - flow.started) * 1000 >= self.spec['ms'] and not flow.marks.get('over'):
                flow.marks['over'] = True
                for shape in self.spec['shapes']:
                    forge(forwarder, flow, shape, None, None, now)


class Dropper:
    """Loses packets: of one side, with payload or not, from the n-th on, at most `count`."""

    def __init__(self, spec):
        self.spec = spec
        self.seen = self.dropped = 0

    def see(self, forwarder, flow, packet, sender, now, silence):
        spec = self.spec
        carries = bool(packet.payload)
        if spec.get('dir', sender) != sender or spec.get('payload', carries) != carries:
            return None
        if 'flags' in spec and packet.flags & flag_bits(spec['flags']) != flag_bits(spec['flags']):
            return None
        self.seen += 1
        if self.seen <= spec.get('skip', 0) or self.dropped >= spec.get('count', 1 << 30):
            return None
        self.dropped += 1
        return 'drop'

    def tick(self, forwarder, now):
        pass


class Rewriter:
    """Changes what passes: later arrival of some packets, another TTL, IPID or seq, extra copies."""

    def __init__(self, spec):
        self.spec = spec
        self.counter = 0x5000
        self.seen = 0

    def see(self, forwarder, flow, packet, sender, now, silence):
        spec = self.spec
        if spec.get('dir', sender) != sender or ('port' in spec and flow.server[1] != spec['port']):
            return None
        if spec.get('rstOvertakes') and packet.flags & RST:
            packet.overtake = True
        if 'lateBytes' in spec and packet.payload and flow.side[sender]['bytes'] > spec['lateBytes']:
            packet.extra_delay = spec['lateMs'] / 1000
        if 'ttl' in spec:
            packet.set_ttl(spec['ttl'])
        if spec.get('ipid') == 'counter':
            self.counter = (self.counter + 1) & 0xFFFF
            packet.set_ipid(self.counter)
        if 'copySeqOff' in spec and packet.payload:
            self.seen += 1
            if self.seen == spec.get('nth', 1):
                self.stray_copy(forwarder, packet, sender, now)
        return None

    def stray_copy(self, forwarder, packet, sender, now):
        copy = Packet(bytes(packet.frame))
        copy.set_seq(copy.seq + self.spec['copySeqOff'])
        out = 'right' if sender == 'client' else 'left'
        forwarder.put(out, copy.frame, now + forwarder.delay() + self.spec.get('copyDelayMs', 4) / 1000)

    def tick(self, forwarder, now):
        pass


def make(spec):
    kinds = {'inject': Injector, 'idle': IdleTimer, 'lifetime': Lifetime, 'drop': Dropper, 'rewrite': Rewriter}
    return kinds[spec['type']](spec)


def matching(forwarder, command):
    for flow in forwarder.flows.values():
        if command.get('port', flow.server[1]) == flow.server[1]:
            if command.get('clientPort', flow.client[1]) == flow.client[1]:
                yield flow


def forge_now(forwarder, command):
    for flow in list(matching(forwarder, command)):
        for shape in command['shapes']:
            forge(forwarder, flow, shape, None, None, time.monotonic())


def blind_sweep(forwarder, command):
    """An attacker who does not see the flow: many sequence numbers a step apart around the right one."""
    shape = dict(command['shape'])
    flow = next(matching(forwarder, command))
    due = time.monotonic()
    for k in range(command['count']):
        shape['seqOff'] = command['from'] + k * command['step']
        forge(forwarder, flow, shape, None, None, due + k * command.get('everyMs', 2) / 1000, note='blind')
