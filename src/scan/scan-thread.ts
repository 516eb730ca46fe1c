/** What the threads run that look through large captures: the capture layer's reading with the wire layer's eyes. */
import { parentPort, workerData } from 'node:worker_threads'
import { serveScans } from '../capture/scan/serve.js'
import { pickerOf } from '../wire/picker.js'

serveScans(parentPort!, workerData, pickerOf)
