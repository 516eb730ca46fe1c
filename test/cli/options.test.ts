import { describe, expect, it } from 'vitest'
import { rst } from './fake.js'

describe('usage errors: one line on standard error, exit 2, nothing read', () => {
  it.each([
    ['--nonsense a.pcap', /unknown option '--nonsense'/],
    ['--formt json a.pcap', /did you mean --format/i],
    ['--all', /no capture given/],
    ['--format yaml a.pcap', /--format yaml: no format "yaml"; choose from text/],
    ['--format', /--format needs a value/],
    ['-o -- a.pcap', /-o needs a value/],
    ['a.pcap -o', /-o needs a value/],
    ['-o report.doc a.pcap', /unknown extension/],
    ['-o report a.pcap', /unknown extension/],
    ['-o out.pcapng a.pcap', /--annotate/],
    ['-o r.json -o r.json a.pcap', /given twice/],
    ['--cause idle-timout a.pcap', /did you mean idle-timeout/],
    ['--cause nonsense a.pcap', /explain lists them/],
    ['--cause idle-timeout, a.pcap', /no cause ""/],
    ['--origin device a.pcap', /endpoint, middlebox, unknown/],
    ['--impact bad a.pcap', /request-lost/],
    ['--min-confidence 80 a.pcap', /0 to 1/],
    ['--min-confidence x a.pcap', /0 to 1/],
    ['--since yesterday a.pcap', /2026-11-22T14:03:07/],
    ['--since 2026-02-30 a.pcap', /give a time/],
    ['--since 25:00:00 a.pcap', /give a time/],
    ['--until +5 a.pcap', /\+90s/],
    ['--since +90s --until +10s a.pcap', /--since lies after --until/],
    ['--at never a.pcap', /give a time/],
    ['--reset 5 a.pcap', /r1, r2/],
    ['--host example.com a.pcap', /not an IP address/],
    ['--port 70000 a.pcap', /0 to 65535/],
    ['--net 10.0.0.0 a.pcap', /10.0.0.0\/8/],
    ['--net 10.0.0.0/33 a.pcap', /not a network/],
    ['--fail-on everything a.pcap', /no cause "everything"/],
    ['--timezone Mars/Base a.pcap', /Europe\/Berlin or \+02:00/],
    ['--timezone +25:00 a.pcap', /\+02:00/],
    ['--max-bytes 10 a.pcap', /at least 1000/],
    ['--hosts /nowhere/hosts a.pcap', /--hosts \/nowhere\/hosts: no such file/],
    ['--memory lots a.pcap', /512M/],
    ['--memory 1M a.pcap', /at least 16M/],
    ['--jobs 0 a.pcap', /1 \(none beside the main one\) to 64/],
    ['--jobs many a.pcap', /give a number of threads/],
    ['--jobs 65 a.pcap', /give a number of threads/],
    ['--duration 5s a.pcap', /unknown option '--duration'/],
    ['compare a.pcap', /2 captures are needed, 1 given/],
    ['compare a b c', /at most 2 captures/],
    ['live eth0 eth1', /at most 1 interface/],
    ['live eth0 --duration soon', /14s, 5m or 2h/],
    ['live eth0 --settle 0s', /14s, 5m or 2h/],
    ['live eth0 --snaplen none', /whole number/],
    ['live eth0 --evidence-limit x', /512M or 2G/],
    ['live eth0 --metrics 99999', /127.0.0.1:9464/],
    ['explain idle-timeot', /did you mean idle-timeout/],
    ['explain a b', /at most 1 cause/],
    ['explain --format html', /text, json or ndjson/],
    ['-r a.pcap tcp', /--host, --port or --net/],
  ])('%s', async (line, message) => {
    const { code, out, err, paths } = await rst(line)
    expect({ code, out, paths }).toEqual({ code: 2, out: '', paths: undefined })
    expect(err).toMatch(message)
    expect(err).toMatch(/^rst-analyze: [^\n]+\n$/)
  })
})

describe('live and compare are commands of their own', () => {
  it('are offered by --help', async () => {
    const { out } = await rst('--help')
    expect(out).toMatch(/rst-analyze .*live/)
    expect(out).toMatch(/rst-analyze .*compare/)
  })

  it('a missing capture to compare is exit 1, in one line', async () => {
    const { code, out, err } = await rst('compare missing-a.pcap missing-b.pcap')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^rst-analyze: [^\n]*missing-[ab]\.pcap[^\n]*\n$/)
  })
})

describe('what reaches the analysis', () => {
  it('narrowing', async () => {
    const { options, paths } = await rst(
      '--host 10.0.0.1,::1 a.pcap --port 443 --port 80 --net 10.0.0.0/8 --net fd00::/8',
    )
    expect(options).toMatchObject({
      hosts: ['10.0.0.1', '::1'],
      ports: [443, 80],
      nets: ['10.0.0.0/8', 'fd00::/8'],
    })
    expect(paths).toEqual(['a.pcap'])
  })

  it('limits', async () => {
    const { options } = await rst('a.pcap --memory 1.5G --jobs 3 --keep-going')
    expect(options).toMatchObject({ memoryBytes: 1.5 * 2 ** 30, jobs: 3, keepGoing: true })
  })

  it('nothing that was not asked for', async () => {
    const { options } = await rst('a.pcap')
    expect(Object.keys(options ?? {}).sort()).toEqual(['onProgress', 'onWarning', 'signal', 'tellAll'])
    expect(options?.tellAll).toBe(false)
  })

  it('files in the order given, and standard input', async () => {
    expect((await rst('b.pcap --all a.pcap')).paths).toEqual(['b.pcap', 'a.pcap'])
    expect((await rst('-')).paths).toEqual(['-'])
    expect((await rst('-r a.pcap')).paths).toEqual(['a.pcap'])
    expect((await rst('./live')).paths).toEqual(['./live'])
  })
})

describe('help and version', () => {
  it('no arguments: help on standard error, exit 2', async () => {
    const { code, out, err } = await rst('')
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^Usage: rst-analyze \[options\] <capture...>/)
  })

  it.each(['--help', '-h', '--help a.pcap', 'explain --help', 'live --help'])('%s', async line => {
    const { code, out, err } = await rst(line)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^Usage: rst-analyze/)
    expect(Math.max(...out.split('\n').map(text => text.length))).toBeLessThanOrEqual(100)
  })

  it.each(['--version', '-V'])('%s', async line => {
    const { code, out } = await rst(line)
    expect(code).toBe(0)
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('explain', () => {
  it('lists all', async () => {
    const { code, out } = await rst('explain')
    expect(code).toBe(0)
    expect(out).toContain('idle-timeout')
  })

  it('tells one', async () => {
    const { out } = await rst('explain idle-timeout')
    for (const word of ['Idle timeout', 'handshake was completed', '++', 'post-restart', 'RFC 5382'])
      expect(out).toContain(word)
  })

  it('as JSON', async () => {
    expect(JSON.parse((await rst('explain idle-timeout --format json')).out)).toMatchObject({
      id: 'idle-timeout',
      family: 'established',
    })
    expect(JSON.parse((await rst('--format json explain')).out)).toHaveLength(1)
    expect(JSON.parse((await rst('explain --format ndjson')).out)).toMatchObject({ id: 'idle-timeout' })
  })
})
