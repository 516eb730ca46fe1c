/** What threads run: the capture layer's unpacking, or its reading with the wire layer's eyes. */
import { parentPort, workerData } from 'node:worker_threads'
import { serveScans } from '../capture/scan/serve.js'
import type { ScanSetup } from '../capture/scan/stretch.js'
import { serveUnpacking, type UnpackSetup } from '../capture/unpack.js'
import { pickerOf } from '../wire/picker.js'

const setup: ScanSetup | UnpackSetup = workerData

if ('compression' in setup) await serveUnpacking(parentPort!, setup)
else serveScans(parentPort!, setup, pickerOf)
