/**
 * All protocols, in the order in which they are tried. One that waits for more bytes holds up those after it, so those
 * whose first bytes decide come first, and those that wait for a line's end, or are rarely right, last.
 */
import { adb } from './adb.js'
import { amqp } from './amqp.js'
import { cassandra } from './cassandra.js'
import { dns } from './dns.js'
import { ftp } from './ftp.js'
import { http1 } from './http1.js'
import { http2 } from './http2.js'
import { imap } from './imap.js'
import { irc } from './irc.js'
import { kafka } from './kafka.js'
import { ldap } from './ldap.js'
import { memcached } from './memcached.js'
import { mongodb } from './mongodb.js'
import { mqtt } from './mqtt.js'
import { mysql } from './mysql.js'
import { nats } from './nats.js'
import { pop3 } from './pop3.js'
import { postgresql } from './postgresql.js'
import { proxy } from './proxy.js'
import { rdp } from './rdp.js'
import type { Reader } from './reader.js'
import { redis } from './redis.js'
import { smb } from './smb.js'
import { smtp } from './smtp.js'
import { rtsp, sip } from './sip.js'
import { ssh } from './ssh.js'
import type { ProtocolId } from './protocols.js'
import { tds } from './tds.js'
import { tls } from './tls.js'
import { vnc } from './vnc.js'
import { websocket } from './websocket.js'

export const READERS: ReadonlyMap<ProtocolId, Reader> = new Map<ProtocolId, Reader>([
  ['tls', tls],
  ['ssh', ssh],
  ['http2', http2],
  ['vnc', vnc],
  ['adb', adb],
  ['amqp', amqp],
  ['mqtt', mqtt],
  ['rdp', rdp],
  ['ldap', ldap],
  ['smb', smb],
  ['tds', tds],
  ['redis', redis],
  ['nats', nats],
  ['imap', imap],
  ['proxy', proxy],
  ['postgresql', postgresql],
  ['cassandra', cassandra],
  ['http1', http1],
  ['rtsp', rtsp],
  ['sip', sip],
  ['smtp', smtp],
  ['ftp', ftp],
  ['pop3', pop3],
  ['irc', irc],
  ['memcached', memcached],
  ['kafka', kafka],
  ['mysql', mysql],
  ['dns-tcp', dns],
  ['mongodb', mongodb],
  ['websocket', websocket],
])
