/*
 * The few questions that this agent asks Windows itself. Enters: names of channels, services and keys of the registry. Leaves: events as XML,
 * services, values, or the number of the error that Windows gave. Promises: nothing is changed and no program is started; each call answers
 * out of memory or a local log. Behind it stands native.ts; tests stand their own behind it, and everything above is as on a machine.
 */
export interface WindowsCalls {
  /** @param after number of the last record that was read; undefined: only what comes from now on; 0: from the oldest. */
  subscribe(channel: string, after: number | undefined): EventSource | Refused
  /** The newest event of a channel, as XML; undefined where there is none, or none may be read. */
  newest(channel: string): string | undefined
  services(): ServiceEntry[] | Refused
  /** Values of HKEY_LOCAL_MACHINE. */
  number(key: string, name: string): number | undefined
  text(key: string, name: string): string | undefined
  hasKey(key: string): boolean
  /** Undefined where Windows doesn't say. */
  memory(): MemoryEntry | undefined
  /** Disks of this machine that can be written to. */
  drives(): DriveEntry[]
  /** Names of the keys below one; none where there are none. */
  keys(key: string): string[]
}

export interface EventSource {
  /** Costs a microsecond: the log tells this process, and nobody asks it. */
  hasNews(): boolean
  /** At most `most` events, oldest first. */
  next(most: number): EventBatch | Refused
  close(): void
}

export interface EventBatch {
  events: string[]
  /** Events that were passed over because no event is so large. */
  tooLarge: number
}

/** Windows' own number of an error; 0 where it gave none. */
export interface Refused {
  refused: number
}

export interface ServiceEntry {
  name: string
  /** What Windows calls dwServiceType, dwCurrentState, dwWin32ExitCode, dwServiceSpecificExitCode. */
  type: number
  state: number
  exitCode: number
  specificExitCode: number
}

/** In bytes; what was promised to programs is memory and page file together. */
export interface MemoryEntry {
  total: number
  available: number
  commitLimit: number
  commitLeft: number
}

export interface DriveEntry {
  /** `C:\\` */
  name: string
  type: string
  totalBytes: number
  /** What this program's user may still write. */
  freeBytes: number
}

export const isRefused = (answer: object): answer is Refused => 'refused' in answer

/** Of winerror.h. */
export const errors = {
  accessDenied: 5,
  moreData: 234,
  insufficientBuffer: 122,
  noMoreItems: 259,
  timeout: 1_460,
  channelMissing: 15_007,
  directChannel: 15_024,
} as const
