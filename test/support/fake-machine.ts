import type { Platform } from '#shared/domain/endpoint.ts'
import type { PrivilegedFile } from '../../agent/host/privileged-files.ts'
import type {
  Answer,
  DiskReading,
  FileLook,
  FolderLook,
  LineFollower,
  MachineInventory,
  MemoryReading,
  NetworkReading,
  Probe,
  ProcessorReading,
  RoleReading,
  Stop,
  UnitReading,
} from '../../agent/host/probe.ts'
import type { ProcessFacts } from '../../agent/host/process-facts.ts'
import type { Vitals } from '../../agent/host/vitals.ts'

const gib = 1_073_741_824

/** A machine of which a test says what it shows. Every field may be changed between two looks. */
export class FakeMachine implements Probe {
  platform: Platform = 'linux'
  windows?: NonNullable<Probe['windows']>
  processorNow: ProcessorReading = { busyTicks: 100, totalTicks: 1_000, load1: 0.1, load5: 0.2, load15: 0.3 }
  memoryNow: MemoryReading = { totalBytes: 8 * gib, availableBytes: 4 * gib, swapTotalBytes: 0, swapUsedBytes: 0 }
  stallNow: Answer<number> = { kind: 'known', value: 0 }
  disksNow: DiskReading[] = [aDisk({ mount: '/', usedRatio: 0.4, freeBytes: 60 * gib })]
  networksNow: NetworkReading[] = [{ name: 'eth0', receivedBytes: 0, sentBytes: 0, errors: 0 }]
  uptimeNow = 3_600
  unitsNow: Answer<UnitReading[]> = { kind: 'known', value: [] }
  /** Who is changing packages. */
  packageManagerNow: string | null = null
  roleNow: RoleReading = { role: 'server', reasons: ['a test says so'] }
  hostnameNow = 'pc-1'
  isOnBatteryNow = false
  /** What the next questions meet: an error to throw, or a promise that never ends. */
  trouble: Error | 'hangs' | undefined
  /** Files by their paths, for whoever looks, reads or lists. */
  filesNow: Record<string, string> = {}
  #followers = new Map<string, LineFollower>()

  processor = () => this.#answer(() => this.processorNow)
  memory = () => this.#answer(() => this.memoryNow)
  memoryStall = () => this.#answer(() => this.stallNow)
  disks = () => this.#answer(() => this.disksNow)
  networks = () => this.#answer((): Answer<NetworkReading[]> => ({ kind: 'known', value: this.networksNow }))
  uptimeSeconds = () => this.#answer(() => this.uptimeNow)
  unitsDown = () => this.#answer(() => this.unitsNow)
  packageManager = () => this.#answer((): Answer<string | null> => ({ kind: 'known', value: this.packageManagerNow }))
  role = async () => this.roleNow
  /** By its name what a program that only reads prints. */
  askedNow: Record<string, string> = {}
  /** By path what the kernel and well-known files say. */
  readonly vitals: Vitals = {
    kernel: async (path) => this.filesNow[path],
    file: async (path) => (this.filesNow[path] === undefined ? undefined : { text: this.filesNow[path], changedAt: 0 }),
    names: async (folder) => (await this.list(folder))?.names ?? [],
    space: async () => undefined,
    ask: async (program) => {
      const value = this.askedNow[program]
      return value === undefined ? { kind: 'unsupported', reason: `${program} is not there` } : { kind: 'known', value }
    },
    knock: async () => 1,
    resolverMs: async () => 5,
    newestBelow: async () => undefined,
    isOnBattery: async () => this.isOnBatteryNow,
    cores: () => 4,
  }

  async inventory(): Promise<MachineInventory> {
    return {
      hostname: this.hostnameNow,
      platform: 'linux',
      system: { name: 'Debian GNU/Linux', version: '12', kernel: '6.1.0', architecture: 'x64' },
      hardware: {
        ...{ manufacturer: 'Acme', model: 'One', serial: '1', chassis: 'Desktop', processor: 'Fast', cores: 4 },
        ...{ memoryBytes: this.memoryNow.totalBytes, isVirtual: false },
      },
      disks: this.disksNow.map(({ device, mount, type, totalBytes }) => ({ device, mount, type, totalBytes })),
      interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:01', addresses: ['192.0.2.1'] }],
      role: this.roleNow,
    }
  }

  async followFile(path: string, follower: LineFollower): Promise<Answer<Stop>> {
    this.#followers.set(path, follower)
    return { kind: 'known', value: () => void this.#followers.delete(path) }
  }

  hasJournal = true
  followJournal = async (follower: LineFollower): Promise<Answer<Stop>> =>
    this.hasJournal ? this.followFile('journal', follower) : { kind: 'unsupported', reason: 'there is no journal' }

  followFileEvents = async (): Promise<Answer<Stop>> => ({ kind: 'unsupported', reason: 'a test has no kernel' })
  processesNow: ProcessFacts[] = []
  lastBornNow: number | undefined = undefined
  lastBorn = () => this.lastBornNow
  pids = () => this.processesNow.map(({ pid }) => pid)
  process = (pid: number) => this.processesNow.find((each) => each.pid === pid)
  /** By process. */
  hashesNow: Record<number, string> = {}
  readonly images = { of: async (pid: number) => this.hashesNow[pid], at: async () => undefined }
  socketOwner = async (): Promise<number | undefined> => undefined
  privilegedNow: PrivilegedFile[] = []
  privilegedFiles = () => this.#answer(() => this.privilegedNow)
  privilegedFile = (path: string) => this.privilegedNow.find((each) => each.path === path)
  watchFolder = (): Promise<Stop> => Promise.reject(new Error('a test has no kernel'))
  look = async (path: string): Promise<FileLook | undefined> => this.lookNow(path)
  lookNow = (path: string): FileLook | undefined => {
    const text = this.filesNow[path]
    return text === undefined ? undefined : { changedAt: 0, bornAt: 0, sizeBytes: text.length, identity: path }
  }
  linkNow = (): string | undefined => undefined
  read = async (path: string): Promise<Buffer | undefined> => {
    const text = this.filesNow[path]
    return text === undefined ? undefined : Buffer.from(text)
  }
  list = async (folder: string): Promise<FolderLook | undefined> => this.listNow(folder)
  listNow = (folder: string): FolderLook | undefined => {
    const inside = Object.keys(this.filesNow).filter((path) => path.startsWith(`${folder}/`))
    const names = [...new Set(inside.map((path) => path.slice(folder.length + 1).split('/')[0] ?? ''))]
    return names.length === 0 ? undefined : { names, changedAt: 0, identity: folder }
  }

  /** Somebody's program writes to a log: to this one, or to each. */
  log(line: string, to?: string): void {
    for (const [path, follower] of this.#followers) if (to === undefined || path === to) follower.onLine(line)
  }

  endLogs(reason: string): void {
    for (const follower of this.#followers.values()) follower.onEnd(reason)
  }

  #answer<Value>(read: () => Value): Promise<Value> {
    if (this.trouble === 'hangs') return new Promise(() => undefined)
    return this.trouble ? Promise.reject(this.trouble) : Promise.resolve(read())
  }
}

export function aDisk(disk: Partial<DiskReading>): DiskReading {
  return { mount: '/', device: '/dev/sda1', type: 'ext4', totalBytes: 100 * gib, freeBytes: 60 * gib, usedRatio: 0.4, ...disk }
}
