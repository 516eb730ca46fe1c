/** Every protocol that can be recognised, and its name in sentences. */
export type ProtocolId =
  | 'http1'
  | 'http2'
  | 'websocket'
  | 'proxy'
  | 'tls'
  | 'ssh'
  | 'smtp'
  | 'ftp'
  | 'pop3'
  | 'imap'
  | 'irc'
  | 'mysql'
  | 'postgresql'
  | 'tds'
  | 'redis'
  | 'memcached'
  | 'mongodb'
  | 'cassandra'
  | 'amqp'
  | 'kafka'
  | 'mqtt'
  | 'nats'
  | 'ldap'
  | 'smb'
  | 'rdp'
  | 'vnc'
  | 'dns-tcp'
  | 'sip'
  | 'rtsp'
  | 'adb'

/** How protocols are called in sentences; the rest go by their id in capitals. */
const NAMES: Partial<Record<ProtocolId, string>> = {
  http1: 'HTTP',
  http2: 'HTTP/2',
  websocket: 'WebSocket',
  mysql: 'MySQL',
  postgresql: 'PostgreSQL',
  redis: 'Redis',
  memcached: 'memcached',
  mongodb: 'MongoDB',
  cassandra: 'Cassandra',
  kafka: 'Kafka',
  'dns-tcp': 'DNS',
  tds: 'SQL Server (TDS)',
}

export function protocolName(id: ProtocolId): string {
  return NAMES[id] ?? id.toUpperCase()
}
