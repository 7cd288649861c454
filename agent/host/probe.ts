import type { Logger } from 'pino'
import type { Platform, Role } from '#shared/domain/endpoint.ts'
import type { Inventory } from '#shared/domain/inventory.ts'
import type { Time } from '#shared/domain/time.ts'
import type { FileEventFollower } from './file-events.ts'
import type { ImageHashes } from './image-hashes.ts'
import { linuxProbe } from './platforms/linux.ts'
import { macosProbe } from './platforms/macos.ts'
import { windowsProbe } from './platforms/windows.ts'
import type { PrivilegedFile } from './privileged-files.ts'
import type { ProcessFacts } from './process-facts.ts'
import type { Vitals } from './vitals.ts'
import type { WindowsMachine } from './windows/machine.ts'

/*
 * The port to the machine that only reads. Enters: questions. Leaves: numbers, facts, lines, changes of files. Promises:
 * nothing on the machine is changed, and what is asked every few seconds starts no child process. On failure: it
 * rejects, and the detector that asked is the one that failed; what a system can't answer at all is `unsupported`, with
 * the reason, and never an empty list. Threat: what it reads was written by others, so it follows no link, opens no
 * pipe, and bounds every line and every file.
 */
export interface Probe {
  readonly platform: Platform
  processor(): Promise<ProcessorReading>
  memory(): Promise<MemoryReading>
  /** Share of time in which some task waited for memory, 0…1, over the last minute. */
  memoryStall(): Promise<Answer<number>>
  disks(): Promise<DiskReading[]>
  networks(): Promise<Answer<NetworkReading[]>>
  uptimeSeconds(): Promise<number>
  /** Failed units, and those of `listed` that are not active. Starts a child process; ask once a minute at most. */
  unitsDown(listed: string[]): Promise<Answer<UnitReading[]>>
  /** On Windows only: its event log, its registry. */
  readonly windows?: WindowsMachine
  /** What health detectors read by. */
  readonly vitals: Vitals
  /** Which package manager is changing the machine; null: none. */
  packageManager(): Promise<Answer<string | null>>
  role(): Promise<RoleReading>
  inventory(): Promise<MachineInventory>
  /** Whole lines as they are appended, from the end the file has now; also over rotation and truncation. */
  followFile(path: string, follower: LineFollower): Promise<Answer<Stop>>
  /** New messages of the journal's auth facilities, as syslog would write them. */
  followJournal(follower: LineFollower): Promise<Answer<Stop>>
  /** Who read, wrote, moved and deleted files of this machine, from now on. */
  followFileEvents(follower: FileEventFollower): Promise<Answer<Stop>>
  /** Numbers of all processes. */
  pids(): number[]
  /** The number that was given to a process, or a thread, last; undefined where nobody says. */
  lastBorn(): number | undefined
  /** A process as it is now; undefined when there is none. Asked when each second counts, so it waits for nothing. */
  process(pid: number): ProcessFacts | undefined
  /** What runs, by its content. */
  readonly images: ImageHashes
  /** Who holds the socket of this number, which belongs to this user; undefined when nobody does any more. */
  socketOwner(inode: string, userId: number): Promise<number | undefined>
  /** Programs that run as their owner whoever starts them, in the places that matter. Ask rarely: it looks at each file there. */
  privilegedFiles(): Promise<PrivilegedFile[]>
  /** The one at this path; undefined where there is none. */
  privilegedFile(path: string): PrivilegedFile | undefined
  /** Tells the name of whatever changes in this folder; `undefined` when the system doesn't say which. Rejects when the folder can't be watched. */
  watchFolder(folder: string, onChange: (name: string | undefined) => void): Promise<Stop>
  /** Facts about a regular file; undefined when nothing, or nothing regular, is there. */
  look(path: string): Promise<FileLook | undefined>
  /** The same, at once: only for what lies on a disk of this machine. */
  lookNow(path: string): FileLook | undefined
  /** Where a link leads, as it is written in it; undefined where none is. At once, as `lookNow`. */
  linkNow(path: string): string | undefined
  /** A regular file's first `maxBytes`, or undefined as for `look`. */
  read(path: string, maxBytes: number): Promise<Buffer | undefined>
  /**
   * Names in a folder and what tells this folder from another at the same path; undefined when there is none.
   * @param known is answered when nothing came or went since.
   */
  list(folder: string, known?: FolderLook): Promise<FolderLook | undefined>
  /** The same, at once: only for folders of the system, on the way to which nobody but root can put a link or a mount. */
  listNow(folder: string, known?: FolderLook): FolderLook | undefined
}

export type Answer<Value> = { kind: 'known'; value: Value } | { kind: 'unsupported'; reason: string }
export type Stop = () => void

/** Counters since boot: a ratio needs two readings. */
export interface ProcessorReading {
  busyTicks: number
  totalTicks: number
  load1: number
  load5: number
  load15: number
}

export interface MemoryReading {
  totalBytes: number
  availableBytes: number
  swapTotalBytes: number
  swapUsedBytes: number
}

export interface DiskReading {
  mount: string
  device: string
  type: string
  totalBytes: number
  /** What an ordinary user may still write. */
  freeBytes: number
  /** As `df` says it: used / (used + free). */
  usedRatio: number
}

/** Counters since the interface came up: a rate needs two readings. */
export interface NetworkReading {
  name: string
  receivedBytes: number
  sentBytes: number
  errors: number
}

export interface UnitReading {
  name: string
  /** As systemd says it: failed, inactive, activating, … */
  state: string
  detail: string
  isListed: boolean
}

export interface RoleReading {
  role: Role
  /** One sentence per fact. */
  reasons: string[]
}

export type MachineInventory = Omit<Inventory, 'agent'>

export interface LineFollower {
  onLine(line: string): void
  /** Nothing comes any more after this. */
  onEnd(reason: string): void
}

export interface FileLook {
  /** Epoch ms of the last change of content or name (ctime), with its fraction. */
  changedAt: number
  sizeBytes: number
  /** Epoch ms at which the file came to be; 0 where the file system doesn't know. */
  bornAt: number
  /** Two files at one path at different times have different ones. */
  identity: string
}

export interface FolderLook {
  names: string[]
  /** Epoch ms of the last change of what is in it. */
  changedAt: number
  identity: string
}

export interface ProbeOptions {
  time: Time
  log: Logger
  /** Node's name of the system; tests may name another. */
  system?: NodeJS.Platform
}

export function createProbe({ time, log, system = process.platform }: ProbeOptions): Probe {
  switch (system) {
    case 'darwin':
      return macosProbe({ time, log })
    case 'win32':
      return windowsProbe({ time, log })
    default:
      return linuxProbe({ time, log })
  }
}
