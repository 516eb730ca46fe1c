/** Whose sockets: read from a /proc of the test's own, and from the real one. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Sockets } from '../../src/live/sockets.js'

const folder = mkdtempSync(join(tmpdir(), 'rst-analyze-sockets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
const row = (local: string, remote: string, state: string, inode: number) =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000 100 0\n`

function proc(name: string, tcp: string, tcp6: string, owners: Record<number, number[]>): string {
  const root = join(folder, name)
  mkdirSync(join(root, 'net'), { recursive: true })
  writeFileSync(join(root, 'net/tcp'), HEAD + tcp)
  writeFileSync(join(root, 'net/tcp6'), HEAD + tcp6)
  for (const [pid, inodes] of Object.entries(owners)) {
    mkdirSync(join(root, pid, 'fd'), { recursive: true })
    writeFileSync(join(root, pid, 'comm'), `app-${pid}\n`)
    for (const [i, inode] of inodes.entries())
      symlinkSync(`socket:[${inode}]`, join(root, pid, 'fd', String(i)))
  }
  return root
}

describe('owners of sockets', () => {
  const root = proc(
    'a',
    row('0100000A:1F90', '0900000A:A112', '01', 11) + row('00000000:0050', '00000000:0000', '0A', 12),
    row('0000000000000000FFFF00000200000A:01BB', '0000000000000000FFFF00000900000A:0004', '01', 13) +
      row('000000FD000000000000000001000000:1F90', '000000FD000000000000000002000000:0004', '08', 14),
    { 100: [11], 200: [12, 13], 300: [14] },
  )

  it('knows connections of both families, and IPv4 on sockets for both', () => {
    const sockets = new Sockets(root)
    sockets.look()
    expect(sockets.ownerOf('10.0.0.1:8080', '10.0.0.9:41234')).toEqual({ pid: 100, name: 'app-100' })
    expect(sockets.ownerOf('10.0.0.2:443', '10.0.0.9:4')).toEqual({ pid: 200, name: 'app-200' })
    expect(sockets.ownerOf('[fd00::1]:8080', '[fd00::2]:4')).toEqual({ pid: 300, name: 'app-300' })
  })

  it('falls back on who listens, says so, and otherwise knows nothing', () => {
    const sockets = new Sockets(root)
    sockets.look()
    expect(sockets.ownerOf('10.0.0.1:80', '10.0.0.77:5')).toEqual({
      pid: 200,
      name: 'app-200',
      listens: true,
    })
    expect(sockets.ownerOf('10.0.0.1:81', '10.0.0.77:5')).toBeUndefined()
    expect(sockets.ownerOf('nonsense', '')).toBeUndefined()
  })

  it('remembers a socket that has just gone, for a while', () => {
    const gone = proc('b', row('0100000A:1F90', '0900000A:A112', '01', 11), '', { 100: [11] })
    const sockets = new Sockets(gone)
    sockets.look()
    writeFileSync(join(gone, 'net/tcp'), HEAD)
    sockets.look()
    expect(sockets.ownerOf('10.0.0.1:8080', '10.0.0.9:41234')).toEqual({ pid: 100, name: 'app-100' })
    sockets.look()
    expect(sockets.ownerOf('10.0.0.1:8080', '10.0.0.9:41234')).toBeUndefined()
  })

  it('survives a /proc that is not there', () => {
    const sockets = new Sockets(join(folder, 'nowhere'))
    sockets.look()
    expect(sockets.ownerOf('10.0.0.1:80', '10.0.0.9:4')).toBeUndefined()
  })

  it.skipIf(process.platform !== 'linux')('finds a socket of this process', async () => {
    const held: Socket[] = []
    const server = createServer(socket => held.push(socket))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const sockets = new Sockets()
    sockets.look()
    expect(sockets.ownerOf(`127.0.0.1:${port}`, '127.0.0.1:9')).toMatchObject({
      pid: process.pid,
      listens: true,
    })
    server.close()
  })
})
