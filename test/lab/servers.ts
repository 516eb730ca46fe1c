/** Real servers, configured by a few lines each. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from './host.ts'
import { run } from './proc.ts'

/** nginx with these lines inside its server block; files of `pages` by name. */
export async function nginx(
  host: Host,
  port: number,
  lines: string[],
  pages: Record<string, string> = {},
  ssl = '',
) {
  const root = join(host.directory, 'pages')
  mkdirSync(root, { recursive: true })
  for (const [name, text] of Object.entries(pages)) writeFileSync(join(root, name), text)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    n => `${n}_temp_path ${join(host.directory, n)};`,
  )
  const conf = [
    'daemon off; worker_processes 1; user root; error_log stderr crit;',
    `pid ${join(host.directory, 'nginx.pid')};`,
    'events { worker_connections 256; }',
    `http { access_log off; ${temporary.join(' ')}`,
    `server { listen ${host.bracketed}:${port}${ssl ? ' ssl' : ''}; root ${root}; ${ssl}`,
    ...lines,
    '} }',
  ]
  const file = join(host.directory, 'nginx.conf')
  writeFileSync(file, `${conf.join('\n')}\n`)
  return host.program('nginx', ['-c', file], port)
}

/** HAProxy with these sections after the defaults. */
export async function haproxy(host: Host, port: number, sections: string[], defaults: string[] = []) {
  const file = join(host.directory, `haproxy-${port}.cfg`)
  const head = [
    'defaults',
    '  mode http',
    '  timeout connect 2s',
    '  timeout client 30s',
    '  timeout server 30s',
    ...defaults,
  ]
  writeFileSync(file, `${[...head, ...sections].join('\n')}\n`)
  return host.program('haproxy', ['-f', file, '-db', '-q'], port)
}

export const redis = (host: Host, port: number, ...options: string[]) =>
  host.program(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      host.address,
      '--save',
      '',
      '--protected-mode',
      'no',
      '--dir',
      host.directory,
      ...options,
    ],
    port,
  )

export const node = (host: Host, code: string, port?: number) => host.program('node', ['-e', code], port)

export interface Keys {
  cert: string
  key: string
}

/** A self-signed certificate for lab.example. */
export async function keys(directory: string): Promise<Keys> {
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=lab.example'
  await run('openssl', [
    ...words.split(' '),
    '-addext',
    'subjectAltName=DNS:lab.example',
    '-keyout',
    key,
    '-out',
    cert,
  ])
  return { cert, key }
}
