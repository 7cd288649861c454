import { lstatSync, readdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { farFolders, isFar } from './far.ts'
import { bytesOf, nameOf } from './raw-names.ts'

/*
 * Programs that run as their owner whoever starts them (setuid, setgid), in the places where programs lie and where people can put some
 * (Linux). Leaves: what was found. Promises: no link is followed, no other file system entered; each place has a budget of its own, so that
 * nobody hides a file by filling another folder, and each user by whose power something runs a share of what is kept, so that nobody hides
 * another's program, or root's, among their own. It goes in bites, asked without a thread of the pool: 26,000 names took 0.45 s of processor
 * time, measured on two shared cores; so nothing is asked that lies on another machine, or behind somebody's own program, which may never
 * answer. Names are bytes (raw-names.ts).
 */
export interface PrivilegedFile {
  /** As `nameOf` has it; `shownName` (shared/domain/printable.ts) is for people. */
  path: string
  /** With the bits above the rights: 0o4755. */
  mode: number
  userId: number
  groupId: number
  /** Epoch ms of the last change of content, rights or name. */
  changedAt: number
}

interface Start {
  path: string
  depth: number
}

const ofSystem: readonly Start[] = [
  { path: '/', depth: 0 },
  ...['/bin', '/sbin', '/usr/bin', '/usr/sbin'].map((path) => ({ path, depth: 1 })),
  ...['/usr/lib', '/usr/libexec', '/usr/local', '/opt', '/etc', '/root', '/srv', '/var/www'].map((path) => ({ path, depth: 3 })),
]
const ofAnybody: readonly Start[] = ['/tmp', '/var/tmp', '/dev/shm'].map((path) => ({ path, depth: 3 }))
const homeDepth = 4
const maxHomes = 100
const maxNamesOfStart = 10_000
/** Of all places that people can fill: each gets its part of what those before it left. */
const maxNamesOfPeople = 60_000
const maxOfRoot = 2_000
/** In one place: with the power of one user or group, and of all of them but root. */
const maxOfOne = 20
const maxOfOthers = 40
/** So many names take about a millisecond. */
const bite = 50
const setUserId = 0o4000
const setGroupId = 0o2000
const executable = 0o111

/** @param root where the machine's tree begins; tests have one of their own. */
export async function privilegedFiles(root = ''): Promise<PrivilegedFile[]> {
  const far = farFolders(root)
  const homes = (isFar('/home', far) ? [] : namesIn(join(root, '/home')))
    .filter((entry) => entry.isDirectory())
    .slice(0, maxHomes)
    .map(({ name }) => ({ path: `/home/${name}`, depth: homeDepth }))
  const found = createFound()
  for (const start of ofSystem) await walk(root, start, { budget: maxNamesOfStart, far }, found.ofPlace())
  let left = maxNamesOfPeople
  const people = [...ofAnybody, ...homes]
  for (const [at, start] of people.entries()) {
    const budget = Math.min(Math.floor(left / (people.length - at)), maxNamesOfStart)
    left -= await walk(root, start, { budget, far }, found.ofPlace())
  }
  return found.all
}

type Keep = (file: PrivilegedFile) => void

function createFound(): { all: PrivilegedFile[]; ofPlace(): Keep } {
  const all: PrivilegedFile[] = []
  let ofRoot = 0
  const ofPlace = (): Keep => {
    const ofOne = new Map<string, number>()
    let ofOthers = 0
    return (file) => {
      const power = powerOf(file)
      const before = ofOne.get(power) ?? 0
      const isRoom = isRoots(file) ? ofRoot < maxOfRoot : before < maxOfOne && ofOthers < maxOfOthers
      if (!isRoom) return
      if (isRoots(file)) ofRoot += 1
      else {
        ofOne.set(power, before + 1)
        ofOthers += 1
      }
      all.push(file)
    }
  }
  return { all, ofPlace }
}

const isRoots = ({ mode, userId, groupId }: PrivilegedFile): boolean =>
  ((mode & setUserId) !== 0 && userId === 0) || ((mode & setGroupId) !== 0 && groupId === 0)

const powerOf = ({ mode, userId, groupId }: PrivilegedFile): string => ((mode & setUserId) === 0 ? `group ${groupId}` : `user ${userId}`)

/** Undefined where no privileged file is at this path, whatever that is: it may be a word of anybody's command. */
export const privilegedFile = (path: string, root = ''): PrivilegedFile | undefined =>
  isFar(path, farFolders(root)) ? undefined : fileAt(path, root)

function fileAt(path: string, root: string): PrivilegedFile | undefined {
  const stats = statsOf(join(root, path))
  if (!stats?.isFile() || (stats.mode & (setUserId | setGroupId)) === 0 || (stats.mode & executable) === 0) return undefined
  return { path, mode: stats.mode & 0o7777, userId: stats.uid, groupId: stats.gid, changedAt: Math.floor(stats.ctimeMs) }
}

interface Bounds {
  budget: number
  far: readonly string[]
}

/** Answers how many names it looked at. */
async function walk(root: string, start: Start, { budget, far }: Bounds, found: Keep): Promise<number> {
  const device = isFar(start.path, far) ? undefined : deviceOf(join(root, start.path))
  const waiting = device === undefined ? [] : [start]
  const keep = (file: PrivilegedFile | undefined): void => void (file && found(file))
  let seen = 0
  for (let next = waiting.pop(); next && seen < budget; next = waiting.pop()) {
    for (const entry of namesIn(join(root, next.path)).slice(0, budget - seen)) {
      seen += 1
      if (seen % bite === 0) await new Promise(setImmediate)
      const path = join(next.path, entry.name)
      if (entry.isFile()) keep(fileAt(path, root))
      else if (entry.isDirectory() && next.depth > 0 && !isFar(path, far) && deviceOf(join(root, path)) === device)
        waiting.push({ path, depth: next.depth - 1 })
    }
  }
  return seen
}

/** Undefined where no folder is: a link to one is looked at where it leads. */
function deviceOf(path: string): number | undefined {
  const stats = statsOf(path)
  return stats?.isDirectory() ? stats.dev : undefined
}

/** Undefined, too, for what is another user's, gone meanwhile, or no path at all. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(bytesOf(path))
  } catch {
    return undefined
  }
}

interface Entry {
  name: string
  isFile(): boolean
  isDirectory(): boolean
}

function namesIn(folder: string): Entry[] {
  try {
    const path = bytesOf(folder)
    const entries = readdirSync(path, { withFileTypes: true })
    return entries.some(({ name }) => name.includes(unreadable)) ? rawNamesIn(path) : entries
  } catch {
    return []
  }
}

/** What stands in a name for bytes that are no UTF-8. */
const unreadable = '\ufffd'

const rawNamesIn = (path: string | Buffer): Entry[] =>
  readdirSync(path, { withFileTypes: true, encoding: 'buffer' }).map((entry) => ({
    name: nameOf(entry.name),
    isFile: () => entry.isFile(),
    isDirectory: () => entry.isDirectory(),
  }))
