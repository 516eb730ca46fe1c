declare module 'pcap-parser' {
  import type { EventEmitter } from 'node:events'
  const parser: { parse(file: string): EventEmitter }
  export default parser
}
