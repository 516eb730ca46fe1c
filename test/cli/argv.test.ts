import { describe, expect, it } from 'vitest'
import { readInvocation } from '../../src/cli/argv.js'

const read = (line: string) => {
  const { command, args } = readInvocation(line.split(' ').filter(Boolean))
  return `${command} ${args.join(' ')}`.trim()
}

describe('which command is meant', () => {
  it.each([
    ['a.pcap', 'analyze -- a.pcap'],
    ['a.pcap b.pcap', 'analyze -- a.pcap b.pcap'],
    ['-', 'analyze -- -'],
    ['', 'analyze'],
    ['--format json a.pcap', 'analyze --format json -- a.pcap'],
    ['a.pcap --format json', 'analyze --format json -- a.pcap'],
    ['--format=json a.pcap', 'analyze --format=json -- a.pcap'],
    ['live eth0', 'live -- eth0'],
    ['--duration 10s live eth0', 'live --duration 10s -- eth0'],
    ['live --duration 10s eth0', 'live --duration 10s -- eth0'],
    ['live eth0 --duration 10s', 'live --duration 10s -- eth0'],
    ['--format json compare a b', 'compare --format json -- a b'],
    ['compare a --all b', 'compare --all -- a b'],
    ['explain', 'explain'],
    ['--no-color explain idle-timeout', 'explain --no-color -- idle-timeout'],
    ['-q explain', 'explain -q'],
    // The value of an option is never a command.
    ['--host live a.pcap', 'analyze --host live -- a.pcap'],
    ['-o live a.pcap', 'analyze -o live -- a.pcap'],
    ['-qo live a.pcap', 'analyze -qo live -- a.pcap'],
    ['-olive compare a b', 'compare -olive -- a b'],
    // A file called like a command.
    ['./live', 'analyze -- ./live'],
    ['a.pcap live', 'analyze -- a.pcap live'],
    ['-- live', 'analyze -- live'],
    ['--all -- compare', 'analyze --all -- compare'],
  ])('%s', (line, expected) => expect(read(line)).toBe(expected))
})

describe('-r and -i as tcpdump users type them', () => {
  it.each([
    ['-r a.pcap', 'analyze -- a.pcap'],
    ['-ra.pcap', 'analyze -- a.pcap'],
    ['-r live', 'analyze -- live'],
    ['-r -', 'analyze -- -'],
    ['-r a.pcap -r b.pcap --all', 'analyze --all -- a.pcap b.pcap'],
    ['--format json -r a.pcap', 'analyze --format json -- a.pcap'],
    ['-i eth0', 'live -- eth0'],
    ['-ieth0', 'live -- eth0'],
    ['-i -', 'live -- -'],
    ['live -i eth0', 'live -- eth0'],
    ['-i eth0 tcp port 443', 'live --filter=tcp port 443 -- eth0'],
    ['-i eth0 --duration 10s host 10.0.0.1', 'live --duration 10s --filter=host 10.0.0.1 -- eth0'],
  ])('%s', (line, expected) => expect(read(line)).toBe(expected))

  it.each([
    ['-r a.pcap tcp port 443', /--host, --port or --net/],
    ['-r a.pcap compare b', /--host, --port or --net/],
    ['-r a.pcap -i eth0', /choose one/],
    ['-i eth0 -i eth1', /twice/],
    ['compare -i eth0', /live/],
    ['-r', /needs a file/],
    ['-i', /needs an interface/],
  ])('%s is refused', (line, message) => expect(() => read(line)).toThrow(message))
})
