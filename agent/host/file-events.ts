import { access, constants } from 'node:fs/promises'
import { lines } from './child.ts'
import type { Answer, Stop } from './probe.ts'

/** What a process did to a file, as the kernel tells it (fanotify). Of a deletion or a move only the folder is named. */
export interface FileEvent {
  /** Epoch ms. */
  at: number
  pid: number
  /** The process's own name for itself; anything may stand in it. */
  name: string
  what: 'read' | 'written' | 'deleted' | 'moved'
  path: string
}

export interface FileEventFollower {
  onEvent(event: FileEvent): void
  /** Nothing comes any more after this. */
  onEnd(reason: string): void
}

const program = '/usr/sbin/fatrace'

/**
 * Who opens, writes, moves and deletes files, from a `fatrace` child (Debian's package; needs root). Closing is what is asked for: every
 * single write would be told a thousand times a second by a database. When this process dies, so does the child, by its broken pipe.
 */
export async function followFileEvents(follower: FileEventFollower): Promise<Answer<Stop>> {
  const isThere = await access(program, constants.X_OK).then(
    () => true,
    () => false,
  )
  if (!isThere) return { kind: 'unsupported', reason: 'fatrace is not installed' }
  if (process.getuid?.() !== 0) return { kind: 'unsupported', reason: 'fatrace needs root' }
  const onLine = (line: string): void => {
    const event = parseFileEvent(line)
    if (event) follower.onEvent(event)
  }
  const args = ['--timestamp', '--timestamp', '--filter=C<>D', `--ignore-pid=${process.pid}`]
  return { kind: 'known', value: lines(program, args, { onLine, onEnd: follower.onEnd }) }
}

/** Longest name that a process can have (prctl(2), PR_SET_NAME), or fatrace's `unknown`. */
const maxNameLength = 15

/**
 * `1795376587.991483 openssl(8455): CW  /srv/a.enc`. A name may look like a line itself, so its end is the last place at which it
 * could end. A path may hold a line break; what stands behind it is a line of its own then, which whoever acts on it has to doubt.
 */
export function parseFileEvent(line: string): FileEvent | undefined {
  const start = line.indexOf(' ') + 1
  const at = Number(line.slice(0, start))
  if (start === 0 || !(at > 0)) return undefined
  for (let open = line.lastIndexOf('(', start + maxNameLength); open >= start; open = line.lastIndexOf('(', open - 1)) {
    const found = /^\((\d{1,10})\): ([RCWO+D<>]{1,8}) +(\/.*)$/.exec(line.slice(open))
    if (found) {
      const [, pid, types = '', path = ''] = found
      const what = whatOf(types)
      return what && { at: Math.round(at * 1_000), pid: Number(pid), name: line.slice(start, open), what, path }
    }
    if (open === 0) return undefined
  }
  return undefined
}

function whatOf(types: string): FileEvent['what'] | undefined {
  if (types.includes('W')) return 'written'
  if (types.includes('D')) return 'deleted'
  if (types.includes('<') || types.includes('>')) return 'moved'
  return types.includes('C') ? 'read' : undefined
}
