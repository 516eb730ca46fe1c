/** What to capture next, as commands that can be pasted: for verdicts that this capture cannot settle. */
import type { Case } from './evidence/index.js'
import type { CauseId } from './model.js'

/** Headers, TCP options and the first application bytes; no more of what users sent. */
const SNAP_LENGTH = 256

export function captureAdvice({ facts, group }: Case, cause: CauseId): string[] {
  if (cause !== 'unknown' && facts.origin !== 'unknown') return []
  const { client, server } = group.view.connection
  const filter = `host ${client.address} and port ${server.port}`
  const command = (file: string, bpf: string) => `tcpdump -i any -n -s ${SNAP_LENGTH} -C 100 -W 10 -w ${file} '${bpf}'`
  return [
    `On the server ${server.address}, running while it happens: ${command('server.pcap', `host ${client.address} and tcp port ${server.port}`)}`,
    `On the client ${client.address}, at the same time: ${command('client.pcap', filter.replace(client.address, server.address))}`,
    'Then: rst-analyze compare client.pcap server.pcap',
  ]
}
