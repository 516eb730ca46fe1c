"""The middle of the lab's path: copies frames between two interfaces after a delay, and plays the device that
stands there. Configuration: one JSON object as first argument. Commands: JSON lines on standard input.
Every forged packet is reported as a JSON line on standard output, so that labels rest on what was done.

    forwarder.py '{"left": "m0", "right": "m1", "delayMs": 16, "jitter": 0.06, "hops": 1, "devices": [...]}'
"""
import heapq
import json
import os
import random
import select
import socket
import sys
import time

import forwarder_devices as devices
from forwarder_packet import Packet, address, is_tcp

PACKET_OUTGOING = 4
ETH_P_ALL = 3


class Flow:
    """What a device on the path knows of one connection: per side the latest numbers it saw."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.side = {'client': {}, 'server': {}}
        self.last_seen = self.started = time.monotonic()
        self.marks = {}

    def note(self, packet, sender, now):
        side = self.side[sender]
        side['bytes'] = side.get('bytes', 0) + len(packet.payload)
        side['packet'] = packet
        if 'next' not in side or (packet.seq_end - side['next']) & 0xFFFFFFFF < 0x80000000:
            side['next'] = packet.seq_end
        if packet.ipid:
            side['ipid'] = packet.ipid
        if packet.tsval is not None:
            side['tsval'] = packet.tsval
        self.last_seen = now


class Forwarder:
    def __init__(self, config):
        self.config = config
        self.random = random.Random(config.get('seed', 1))
        self.ports = {name: open_port(config[name]) for name in ('left', 'right', 'tap') if name in config}
        self.queue, self.order = [], 0
        self.latest = {'left': 0.0, 'right': 0.0}
        self.flows, self.forged = {}, []
        self.devices = [devices.make(spec) for spec in config.get('devices', [])]

    def delay(self):
        jitter = self.config.get('jitter', 0.06)
        return self.config['delayMs'] / 1000 * (1 + self.random.uniform(-jitter, jitter))

    def put(self, port, frame, due):
        self.order += 1
        heapq.heappush(self.queue, (due, self.order, port, bytes(frame)))

    def flow_of(self, packet, sender):
        near, far = (packet.src, packet.sport), (packet.dst, packet.dport)
        client, server = (near, far) if sender == 'client' else (far, near)
        flow = self.flows.get((client, server))
        if flow is None or (packet.flags & 0x12 == 2 and 'packet' in flow.side['server']):
            flow = self.flows[client, server] = Flow(client, server)
        return flow

    def receive(self, port):
        frame, info = self.ports[port].recvfrom(65535)
        if info[2] == PACKET_OUTGOING:
            return
        now = time.monotonic()
        out = 'right' if port == 'left' else 'left'
        if not is_tcp(frame):
            self.put(out, frame, now)
            return
        sender = 'client' if port == 'left' else 'server'
        packet = Packet(frame)
        packet.set_ttl(packet.ttl - self.config.get('hops', 1))
        packet.extra_delay, packet.overtake = 0.0, False
        flow = self.flow_of(packet, sender)
        silence = now - flow.last_seen
        flow.note(packet, sender, now)
        keep = True
        for device in self.devices:
            if keep and device.see(self, flow, packet, sender, now, silence) == 'drop':
                keep = False
        if keep:
            self.pass_on(packet, out, now)
        self.send_forged()

    def pass_on(self, packet, out, now):
        due = now + self.delay() + packet.extra_delay
        if not packet.overtake:
            # A path keeps the order of its packets unless a scenario asks otherwise.
            due = self.latest[out] = max(due, self.latest[out])
        self.put(out, packet.frame, due)
        self.mirror(packet.frame, now, due)

    def mirror(self, frame, now, due):
        if 'tap' in self.ports:
            half = now + (due - now) * self.config.get('position', 0.5)
            self.put('tap', devices.wrap(frame, self.config.get('wrap', [])), half)

    def emit(self, frame, target, due, behind, note):
        """A forged frame towards `target`. `behind`: it runs after the packet that
        triggered it and cannot overtake it."""
        self.forged.append((frame, target, due, behind, note))

    def send_forged(self):
        for frame, target, due, behind, note in self.forged:
            out = 'left' if target == 'client' else 'right'
            due = max(due, self.latest[out] + 0.0002) if behind else due
            self.put(out, frame, due)
            self.mirror(frame, due, due)
            self.tell(frame, note)
        self.forged = []

    def tell(self, frame, note):
        p = Packet(frame)
        report(event='forged', src=address(p.src), dst=address(p.dst), sport=p.sport, dport=p.dport, seq=p.seq,
               ack=p.ack, flags=p.flags, ipid=p.ipid, ttl=p.ttl, win=p.win, note=note)

    def command(self, line):
        command = json.loads(line)
        kind = command.pop('cmd')
        if kind == 'set':
            self.config.update(command)
        elif kind == 'devices':
            self.devices = [devices.make(spec) for spec in command['devices']]
        elif kind == 'forge':
            devices.forge_now(self, command)
        elif kind == 'blind':
            devices.blind_sweep(self, command)
        self.send_forged()
        report(event='done', cmd=kind)

    def run(self):
        deadline = time.monotonic() + self.config.get('maxSeconds', 120)
        pending = b''
        while time.monotonic() < deadline:
            now = time.monotonic()
            while self.queue and self.queue[0][0] <= now:
                _, _, port, frame = heapq.heappop(self.queue)
                self.ports[port].send(frame)
            wait = max(0.0, min(0.05, self.queue[0][0] - now)) if self.queue else 0.05
            ready, _, _ = select.select([*self.ports.values(), 0], [], [], wait)
            for name, port in self.ports.items():
                if port in ready:
                    self.receive(name)
            if 0 in ready:
                data = os.read(0, 65536)
                if not data:
                    return
                *lines, pending = (pending + data).split(b'\n')
                for line in lines:
                    self.command(line)
            for device in self.devices:
                device.tick(self, time.monotonic())
            self.send_forged()


def open_port(name):
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    port.bind((name, 0))
    port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    return port


def report(**event):
    sys.stdout.write(json.dumps(event) + '\n')
    sys.stdout.flush()


def keep_time():
    """Goes before ordinary work on a busy machine: a path's delay must not depend on who else computes."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        pass


if __name__ == '__main__':
    keep_time()
    forwarder = Forwarder(json.loads(sys.argv[1]))
    report(event='ready')
    forwarder.run()
