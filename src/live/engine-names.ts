/** The capturing programs, in the order of preference: measured loss and precision of time. Apart, so that the command line need not load the rest. */
export const ENGINE_NAMES = ['tcpdump', 'dumpcap', 'cap'] as const
export type EngineName = (typeof ENGINE_NAMES)[number]
