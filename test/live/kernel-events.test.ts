/** Lines as kernels of several ages write them. */
import { describe, expect, it } from 'vitest'
import { parseEvent } from '../../src/live/kernel-events.js'

describe('lines of the kernel trace', () => {
  it('reads a reset that a process asked for (6.10 and later)', () => {
    const line =
      '            java-812     (    800) [001] b.... 1763829661.123456: tcp_send_reset: skbaddr=00000000 skaddr=ffff888 src=10.0.0.1:8080 dest=10.0.0.9:41234 state=TCP_CLOSE reason=TCP_ABORT_ON_CLOSE'
    expect(parseEvent(line, 37)).toEqual({
      kind: 'sent',
      time: 1763829661.123456 - 37,
      source: '10.0.0.1:8080',
      peer: '10.0.0.9:41234',
      reason: 'TCP_ABORT_ON_CLOSE',
      state: 'TCP_CLOSE',
      process: { pid: 800, name: 'java' },
    })
  })

  it.each(['..s1.', '..h1.', '..H1.', '..Z1.'])(
    'names no process where the event interrupted one (%s)',
    flags => {
      const line = `  <idle>-0       [000] ${flags} 5.5: tcp_send_reset: skbaddr=0 skaddr=ff src=10.0.0.1:80 dest=10.0.0.9:4 state=TCP_ESTABLISHED reason=NOT_SPECIFIED`
      expect(parseEvent(line, 0)).toMatchObject({ process: null, state: 'TCP_ESTABLISHED' })
    },
  )

  it('knows names with spaces and hyphens, and threads without a group', () => {
    const line =
      ' my-app 2-worker-77    (-------) [000] ..... 5.5: tcp_send_reset: skbaddr=0 skaddr=ff src=10.0.0.1:80 dest=10.0.0.9:4 state=TCP_CLOSE reason=X'
    expect(parseEvent(line, 0)).toMatchObject({ process: { pid: 77, name: 'my-app 2-worker' } })
  })

  it('takes no process for a reset without a socket, and no end that is not given', () => {
    const line =
      ' curl-9  [000] ..... 5.5: tcp_send_reset: skbaddr=0 skaddr=0 src=10.0.0.1:80 dest=0.0.0.0:0 state=UNKNOWN reason=NO_SOCKET'
    expect(parseEvent(line, 0)).toMatchObject({ peer: null, state: null, process: null, reason: 'NO_SOCKET' })
  })

  it('reads older kernels, which give ends apart and no reason', () => {
    const line =
      ' nginx-5  [000] ..... 5.5: tcp_send_reset: family=AF_INET sport=80 dport=4000 saddr=10.0.0.1 daddr=10.0.0.9 saddrv6=::ffff:10.0.0.1 daddrv6=::ffff:10.0.0.9 state=TCP_ESTABLISHED'
    expect(parseEvent(line, 0)).toMatchObject({ source: '10.0.0.1:80', peer: '10.0.0.9:4000', reason: null })
  })

  it('writes addresses as packets have them: IPv4 on sockets for both families, and IPv6', () => {
    const taken = (family: string, from: string, to: string) =>
      parseEvent(
        ` node-5  [001] ..s2. 7.5: tcp_receive_reset: family=${family} sport=8080 dport=4 saddr=0.0.0.0 daddr=0.0.0.0 saddrv6=${from} daddrv6=${to} sock_cookie=1`,
        0,
      )
    expect(taken('AF_INET6', '::ffff:10.0.0.1', '::ffff:10.0.0.2')).toEqual({
      kind: 'taken',
      time: 7.5,
      local: '10.0.0.1:8080',
      remote: '10.0.0.2:4',
    })
    expect(taken('AF_INET6', 'fd00::1', 'fd00::2')).toMatchObject({
      local: '[fd00::1]:8080',
      remote: '[fd00::2]:4',
    })
    const sent =
      ' x-5  [000] ..... 5.5: tcp_send_reset: skbaddr=0 skaddr=ff src=[::ffff:10.0.0.1]:80 dest=[fd00::9]:4 state=TCP_CLOSE reason=X'
    expect(parseEvent(sent, 0)).toMatchObject({ source: '10.0.0.1:80', peer: '[fd00::9]:4' })
  })

  it.each([
    '',
    'CPU:1 [LOST 12 EVENTS]',
    ' node-5  [001] ..s2. 7.5: tcp_probe: family=AF_INET',
    ' node-5  [001] ..s2. 7.5: tcp_receive_reset: family=AF_INET',
    ' node-5  [001] ..s2. 7.5: tcp_send_reset: ',
    '-'.repeat(10_000),
  ])('passes over what is none: %.30s', line => expect(parseEvent(line, 0)).toBeUndefined())
})
