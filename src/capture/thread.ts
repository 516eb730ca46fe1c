/** The part of a `Worker` that is needed, so that tests can do without. */
export interface ThreadOf<Told, Says> {
  postMessage(message: Told, transfer: []): void
  on(event: 'message', listener: (message: Says) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  on(event: 'exit', listener: () => void): void
  terminate(): unknown
}
