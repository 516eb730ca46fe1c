/** More real servers, as Debian packages them: apache2-bin, vsftpd, memcached, mosquitto, stunnel4, postgresql. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from './host.ts'
import { run } from './proc.ts'

const nobody = 65534

export async function apache(host: Host, port: number, lines: string[], pages: Record<string, string>) {
  const root = join(host.directory, 'www')
  mkdirSync(root, { recursive: true })
  for (const [name, text] of Object.entries(pages)) writeFileSync(join(root, name), text)
  chmodSync(host.directory, 0o755)
  const modules = ['mpm_event', 'authz_core', 'dir']
  const conf = [
    `ServerRoot ${host.directory}`,
    'ServerName lab.example',
    `PidFile ${join(host.directory, 'apache.pid')}`,
    `ErrorLog ${join(host.directory, 'apache.log')}`,
    ...modules.map(m => `LoadModule ${m}_module /usr/lib/apache2/modules/mod_${m}.so`),
    `Listen ${host.bracketed}:${port}`,
    `DocumentRoot ${root}`,
    'StartServers 1',
    ...lines,
    '',
  ]
  const file = join(host.directory, 'apache.conf')
  writeFileSync(file, conf.join('\n'))
  return host.program('/usr/sbin/apache2', ['-DFOREGROUND', '-f', file], port)
}

export async function vsftpd(host: Host, port: number, lines: string[]) {
  const [root, empty] = [join(host.directory, 'ftp'), join(host.directory, 'empty')]
  for (const path of [root, empty]) mkdirSync(path, { recursive: true })
  chmodSync(host.directory, 0o755)
  const conf = [
    'listen=YES',
    'background=NO',
    `listen_address=${host.address}`,
    `listen_port=${port}`,
    'anonymous_enable=YES',
    'seccomp_sandbox=NO',
    `anon_root=${root}`,
    `secure_chroot_dir=${empty}`,
    ...lines,
    '',
  ]
  const file = join(host.directory, 'vsftpd.conf')
  writeFileSync(file, conf.join('\n'))
  return host.program('/usr/sbin/vsftpd', [file], port)
}

export const memcached = (host: Host, port: number, options: string[] = []) =>
  host.program(
    '/usr/bin/memcached',
    ['-u', 'nobody', '-U', '0', '-p', String(port), '-l', host.address, '-t', '1', ...options],
    port,
  )

export async function mosquitto(host: Host, port: number, lines: string[] = []) {
  const file = join(host.directory, 'mosquitto.conf')
  writeFileSync(
    file,
    [`listener ${port} ${host.address}`, ...lines, 'allow_anonymous true', 'user root', ''].join('\n'),
  )
  return host.program('/usr/sbin/mosquitto', ['-c', file], port)
}

/** MQTT 3.1.1 CONNECT. */
export const mqttConnect = (id: string, keepAlive: number) =>
  `\x10${String.fromCharCode(12 + id.length)}\x00\x04MQTT\x04\x02\x00${String.fromCharCode(keepAlive)}\x00${String.fromCharCode(id.length)}${id}`

export async function stunnel(host: Host, port: number, backend: string, cert: string, key: string) {
  const file = join(host.directory, 'stunnel.conf')
  const global = ['foreground = yes', 'pid =', 'debug = 3', 'syslog = no']
  const service = [
    '[lab]',
    `accept = ${host.address}:${port}`,
    `connect = ${backend}`,
    `cert = ${cert}`,
    `key = ${key}`,
  ]
  writeFileSync(file, [...global, ...service, ''].join('\n'))
  return host.program('/usr/bin/stunnel4', [file], port)
}

/** A new cluster whose superuser is `lab`, trusting everybody. */
export async function postgres(host: Host, port: number, settings: string[]) {
  const data = join(host.directory, 'pg')
  mkdirSync(data)
  chmodSync(host.directory, 0o755)
  chownSync(data, nobody, nobody)
  chmodSync(data, 0o700)
  const as = ['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups']
  await run('setpriv', [...as, 'initdb', '-D', data, '-U', 'lab', '-A', 'trust', '-N', '--no-instructions'])
  writeFileSync(join(data, 'pg_hba.conf'), 'host all all 0.0.0.0/0 trust\nhost all all ::/0 trust\n')
  const words = [
    'fsync=off',
    'unix_socket_directories=',
    `listen_addresses=${host.address}`,
    `port=${port}`,
    ...settings,
  ]
  return host.program('setpriv', [...as, 'postgres', '-D', data, ...words.flatMap(w => ['-c', w])], port)
}

/** A new data directory, no accounts checked. */
export async function mariadb(host: Host, port: number, options: string[]) {
  const data = join(host.directory, 'mysql')
  await run('mariadb-install-db', [
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--user=root',
  ])
  const paths = [`--datadir=${data}`, `--socket=${data}/s`, `--pid-file=${data}/pid`]
  const words = ['--no-defaults', ...paths, '--user=root', `--bind-address=${host.address}`, `--port=${port}`]
  const more = ['--skip-grant-tables', '--skip-networking=0', '--skip-name-resolve', ...options]
  return host.program('/usr/sbin/mariadbd', [...words, ...more], port)
}
