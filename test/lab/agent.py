"""A pair of hands inside one network namespace: opens, uses and drops sockets on order.

Orders come as JSON lines on standard input ({"id": 1, "op": "connect", ...}); each runs in a thread of its
own, so that one order may wait for what another one causes. Answers are JSON lines too. The process and its
sockets end with its standard input, or abruptly when a scenario kills it.
"""
import errno, json, os, socket, ssl, struct, sys, threading, time

import agent_raw
from agent_raw import family

TCP_REPAIR = 19
held = {}
lock = threading.Lock()
serial = 0


def keep(thing):
    global serial
    with lock:
        serial += 1
        held[serial] = thing
        return serial


def tune(sock, opts):
    """opts: names of socket options as in the C headers, without level: {"SO_RCVBUF": 4096}."""
    for name, value in (opts or {}).items():
        if name == 'linger0':
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        elif name == 'timeout':
            sock.settimeout(value)
        else:
            level = socket.SOL_SOCKET if name.startswith('SO_') else socket.IPPROTO_TCP
            sock.setsockopt(level, getattr(socket, name), value)


def fresh(host, opts):
    sock = socket.socket(family(host), socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.settimeout(30)
    tune(sock, opts)
    return sock


def listen(host, port, backlog=64, opts=None):
    sock = fresh(host, opts)
    if ':' in host:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((host, port))
    sock.listen(backlog)
    return keep(sock)


def accept(sock, opts=None):
    conn, _ = held[sock].accept()
    conn.settimeout(30)
    tune(conn, opts)
    return keep(conn)


def connect(host, port, local=None, timeout=10, opts=None):
    sock = fresh(host, opts)
    if local:
        sock.bind(('::' if ':' in host else '0.0.0.0', local))
    sock.settimeout(timeout)
    try:
        sock.connect((host, port))
    except OSError:
        sock.close()
        raise
    if not (opts or {}).get('timeout'):
        sock.settimeout(30)
    return keep(sock)


def start_connect(host, port, local=None, opts=None):
    """Sends the SYN and does not wait."""
    sock = fresh(host, opts)
    if local:
        sock.bind(('::' if ':' in host else '0.0.0.0', local))
    sock.setblocking(False)
    code = sock.connect_ex((host, port))
    if code not in (0, errno.EINPROGRESS):
        raise OSError(code, 'connect')
    return keep(sock)


def send(sock, data=None, size=0):
    held[sock].sendall(data.encode('latin-1') if data is not None else filler(size))
    return True


def filler(size):
    line = b'0123456789abcdefghijklmnopqrstuvwxyz lorem ipsum dolor sit amet\n'
    return (line * (size // len(line) + 1))[:size]


def try_send(sock, size):
    """As much as the kernel takes at once."""
    conn = held[sock]
    conn.setblocking(False)
    taken = 0
    try:
        while taken < size:
            taken += conn.send(filler(min(size - taken, 65536)))
    except (BlockingIOError, ssl.SSLWantWriteError):
        pass
    conn.settimeout(30)
    return taken


def stream(sock, piece, every, seconds):
    """A piece every so often until the peer is gone or time is up; says what ended it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            held[sock].sendall(filler(piece))
        except OSError as error:
            return errno.errorcode.get(error.errno, str(error))
        time.sleep(every)
    return 'done'


def recv(sock, size=65536):
    return held[sock].recv(size).decode('latin-1')


def drain(sock, size=None):
    """Reads until size bytes, the end, or an error; says how many bytes came."""
    total = 0
    try:
        while size is None or total < size:
            data = held[sock].recv(min(65536, size - total) if size else 65536)
            if not data:
                break
            total += len(data)
    except OSError:
        pass
    return total


def read_for(sock, seconds):
    """Reads all that comes for so long; says how many bytes came."""
    conn = held[sock]
    end = time.monotonic() + seconds
    total = 0
    try:
        while time.monotonic() < end:
            conn.settimeout(max(0.001, end - time.monotonic()))
            data = conn.recv(65536)
            if not data:
                break
            total += len(data)
    except OSError:
        pass
    conn.settimeout(30)
    return total


def read_then_close(sock, seconds, reset=False):
    """Reads for so long, then closes with nothing unread."""
    read_for(sock, seconds)
    conn = held.pop(sock)
    conn.setblocking(False)
    try:
        while conn.recv(65536):
            pass
    except OSError:
        pass
    if reset:
        tune(conn, {'linger0': 1})
    conn.close()
    return True


def option(sock, opts):
    tune(held[sock], opts)
    return True


def shutdown(sock, both=False):
    held[sock].shutdown(socket.SHUT_RDWR if both else socket.SHUT_WR)
    return True


def send_urgent(sock, data):
    held[sock].send(data.encode('latin-1'), socket.MSG_OOB)
    return True


def close(sock):
    held.pop(sock).close()
    return True


def abort(sock):
    conn = held.pop(sock)
    tune(conn, {'linger0': 1})
    conn.close()
    return True


def forget(sock):
    """The kernel drops the connection without a word: a socket in repair mode sends nothing when closed."""
    conn = held.pop(sock)
    conn.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    conn.close()
    return True


def local_port(sock):
    return held[sock].getsockname()[1]


def tls(sock, server=False, cert=None, key=None, ca=None, highest=None, need_client=False, name='lab.example'):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    if highest == '1.2':
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if cert:
        context.load_cert_chain(cert, key)
    if ca:
        context.load_verify_locations(ca)
        if server and need_client:
            context.verify_mode = ssl.CERT_REQUIRED
    elif not server:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    # Kept before the handshake: when it fails, what to do with the socket is the scenario's choice.
    held[sock] = context.wrap_socket(
        held[sock], server_side=server, server_hostname=None if server else name, do_handshake_on_connect=False)
    held[sock].do_handshake()
    return True


def close_notify(sock):
    """Sends the alert and does not wait for the peer's."""
    conn = held[sock]
    conn.setblocking(False)
    try:
        conn.unwrap()
    except (ssl.SSLWantReadError, OSError):
        pass
    conn.setblocking(True)
    conn.settimeout(30)
    return True


def raw(host):
    return keep(agent_raw.raw(host))


def raw_send(sock, **segment):
    return agent_raw.raw_send(held[sock], **segment)


def raw_recv(sock, **wanted):
    return agent_raw.raw_recv(held[sock], **wanted)


def listening(port):
    """Whether anything in this namespace listens on the port."""
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        with open(table) as lines:
            for line in lines.readlines()[1:]:
                word = line.split()
                if word[3] == '0A' and int(word[1].rsplit(':', 1)[1], 16) == port:
                    return True
    return False


OPS = {f.__name__: f for f in (
    listen, accept, connect, start_connect, send, try_send, stream, recv, drain, read_for, read_then_close, option, shutdown, send_urgent, close, abort,
    forget, local_port, tls, close_notify, raw, raw_send, raw_recv, listening)}


def obey(order):
    number = order.pop('id')
    op = order.pop('op')
    try:
        answer = {'id': number, 'value': OPS[op](**order)}
    except Exception as error:  # every failure is the scenario's to judge
        code = errno.errorcode.get(getattr(error, 'errno', None) or 0, type(error).__name__)
        answer = {'id': number, 'error': code, 'text': str(error)}
    with lock:
        os.write(1, (json.dumps(answer) + '\n').encode())


for line in sys.stdin:
    threading.Thread(target=obey, args=(json.loads(line),), daemon=True).start()
os._exit(0)
