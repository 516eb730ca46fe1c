"""A host's applications in the lab: opens, listens, sends, resets, as JSON lines on standard input ask; one JSON
answer per line on standard output. Served connections run in threads of their own, commands one at a time."""
import errno
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time

from forwarder import keep_time

TCP_REPAIR = 19
conns, listeners, accepted = {}, {}, {}


def family(host):
    return socket.AF_INET6 if ':' in host else socket.AF_INET


def set_linger(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def apply_options(sock, c):
    if c.get('ttl'):
        v6 = sock.family == socket.AF_INET6
        sock.setsockopt(41 if v6 else 0, 16 if v6 else socket.IP_TTL, c['ttl'])
    if c.get('rcvbuf'):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, c['rcvbuf'])
    if c.get('nodelay', True):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def error_name(e):
    if isinstance(e, socket.timeout):
        return 'TIMEOUT'
    return errno.errorcode.get(e.errno, 'E?') if isinstance(e, OSError) and e.errno else type(e).__name__


def body(size):
    return (b'The quick brown fox jumps over the lazy dog. ' * (size // 45 + 1))[:size]


def http_answer(size, status='200 OK', extra=''):
    head = 'HTTP/1.1 %s\r\nServer: lab\r\nContent-Type: text/plain\r\n%sContent-Length: %d\r\n\r\n'
    return (head % (status, extra, size)).encode() + body(size)


def do_connect(c):
    sock = socket.socket(family(c['host']), socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    apply_options(sock, c)
    sock.settimeout(c.get('timeout', 6))
    if c.get('sport'):
        sock.bind(('', c['sport']))
    started = time.monotonic()
    sock.connect((c['host'], c['port']))
    took = (time.monotonic() - started) * 1000
    conns[c['id']] = sock
    local = sock.getsockname()[1]
    if c.get('sni'):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        conns[c['id']] = context.wrap_socket(sock, server_hostname=c['sni'])
    return {'sport': local, 'ms': took}


def do_listen(c):
    v6 = c.get('v6', False)
    sock = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if c.get('transparent'):
        sock.setsockopt(socket.IPPROTO_IP, 19, 1)
    apply_options(sock, c)
    sock.bind(('::' if v6 else '0.0.0.0', c['port']))
    sock.listen(c.get('backlog', 64))
    listeners[c['port'], v6] = sock
    threading.Thread(target=accept_loop, args=(sock, c), daemon=True).start()
    return {}


def accept_loop(listener, c):
    while True:
        try:
            sock, peer = listener.accept()
        except OSError:
            return
        apply_options(sock, c)
        sock.settimeout(90)
        accepted[peer[1]] = sock
        threading.Thread(target=serve, args=(sock, c), daemon=True).start()


def serve(sock, c):
    """mode http: an answer of `size` bytes per request; echo; sink; manual: the scenario drives it (accepted)."""
    try:
        if c.get('cert'):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(c['cert'])
            sock = context.wrap_socket(sock, server_side=True)
        if c.get('banner'):
            sock.sendall(c['banner'].encode())
        mode = c.get('mode', 'http')
        if mode == 'abort':
            time.sleep(c.get('waitMs', 0) / 1000)
            set_linger(sock)
            sock.close()
        while mode in ('http', 'echo', 'sink'):
            data = sock.recv(65536)
            if not data:
                sock.close()
                return
            if mode == 'http':
                answer(sock, data, c)
            elif mode == 'echo':
                sock.sendall(data)
    except (OSError, ValueError):
        pass


def answer(sock, data, c):
    if c.get('requestBytes', 0) and len(data) < c['requestBytes']:
        return
    time.sleep(c.get('thinkMs', 1) / 1000)
    if not c.get('chunks'):
        sock.sendall(http_answer(c.get('size', 600)))
        return
    sock.sendall(http_answer(0, extra='').replace(b'Content-Length: 0', b'Transfer-Encoding: chunked'))
    for _ in range(c['chunks']):
        part = body(c.get('size', 600))
        sock.sendall(b'%x\r\n' % len(part) + part + b'\r\n')
        time.sleep(c.get('everyMs', 50) / 1000)
    sock.sendall(b'0\r\n\r\n')


def do_accepted(c):
    """Binds the accepted socket whose peer has port `peer` to an id."""
    deadline = time.monotonic() + 3
    while c['peer'] not in accepted and time.monotonic() < deadline:
        time.sleep(0.005)
    conns[c['id']] = accepted.pop(c['peer'])
    return {}


def do_send(c):
    data = c['data'].encode() if 'data' in c else body(c['size'])
    times = c.get('times', 1)
    for k in range(times):
        conns[c['id']].sendall(data)
        if k + 1 < times:
            time.sleep(c.get('everyMs', 10) / 1000)
    return {'bytes': len(data) * times}


def do_recv(c):
    sock, got, want = conns[c['id']], b'', c.get('bytes', 1)
    deadline = time.monotonic() + c.get('timeout', 3)
    while len(got) < want:
        sock.settimeout(max(0.001, deadline - time.monotonic()))
        part = sock.recv(min(65536, max(1, want - len(got))) if c.get('exact') else 65536)
        if not part:
            return {'bytes': len(got), 'eof': True}
        got += part
    return {'bytes': len(got)}


def do_close(c):
    conns.pop(c['id']).close()
    return {}


def do_shutdown(c):
    conns[c['id']].shutdown(socket.SHUT_WR)
    return {}


def do_abort(c):
    sock = conns.pop(c['id'])
    set_linger(sock)
    sock.close()
    return {}


def do_vanish(c):
    """The host forgets the connection without a packet, as a power cut does."""
    sock = conns.pop(c['id'])
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    sock.close()
    return {}


def do_unlisten(c):
    sock = listeners.pop((c['port'], c.get('v6', False)))
    sock.shutdown(socket.SHUT_RDWR)
    sock.close()
    return {}


def do_scan(c):
    """SYNs as a port scanner writes them: raw, random TTL, window 1024, MSS as the only option."""
    from forwarder_packet import tcp_checksum
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    src, dst = socket.inet_aton(c['source']), socket.inet_aton(c['host'])
    for k, port in enumerate(c['ports']):
        seq = 0x3A000000 + c.get('seed', 7) * 65537
        tcp = struct.pack('!HHIIBBHHHBBH', c['sport'], port, seq, 0, 0x60, 2, 1024, 0, 0, 2, 4, 1460)
        tcp = tcp[:16] + struct.pack('!H', tcp_checksum(src, dst, tcp)) + tcp[18:]
        ttl, ipid = 37 + (k * 7 + c.get('seed', 7)) % 23, (0x9C31 * (k + 3)) & 0xFFFF
        head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), ipid, 0, ttl, 6, 0, src, dst)
        raw.sendto(head + tcp, (c['host'], 0))
        time.sleep(c.get('everyMs', 12) / 1000)
    return {}


def main():
    for line in sys.stdin:
        c = json.loads(line)
        # Hosts that must act a few milliseconds apart are asked at once and wait here, not in the busy script.
        time.sleep(c.get('afterMs', 0) / 1000)
        try:
            reply = {'ok': True, **globals()['do_' + c['do']](c)}
        except (OSError, KeyError, ssl.SSLError) as e:
            reply = {'ok': False, 'error': error_name(e)}
        sys.stdout.write(json.dumps(reply) + '\n')
        sys.stdout.flush()
    os._exit(0)


if __name__ == '__main__':
    keep_time()
    main()
