import { posix } from 'node:path'

/** Where a file stands: the house's words for it. */
export interface Place {
  side: 'shared' | 'agent' | 'server' | 'console' | 'test'
  /** The folder below the side (`spool`, `cli`, `domain`); undefined for plumbing at the root of a side. */
  room: string | undefined
}

export function placeOf(path: string): Place {
  const [side = '', first = '', ...rest] = path.split('/')
  if (side === 'server' && first === 'console') return { side: 'console', room: undefined }
  const room = rest.length > 0 ? first : undefined
  switch (side) {
    case 'shared':
    case 'agent':
    case 'server':
      return { side, room }
    default:
      return { side: 'test', room }
  }
}

/** The path an import leads to, from the top of the project; undefined when it is a package or a part of Node. */
export function targetOf(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#shared/')) return `shared/${specifier.slice('#shared/'.length)}`
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(from), specifier))
  return undefined
}

/** Rooms that join stages, as `app.ts` does, and belong to none: they may call any of them. */
export const plumbing: ReadonlySet<string> = new Set(['cli', 'pipeline', 'desk', 'due', 'restore', 'rehearsal', 'drill'])

/** Process in and out: the only files, with `config.ts`, that may look at the environment and the real clock. */
export const isEdge = (path: string): boolean => /^(agent|server)\/(main\.ts$|cli\/)/.test(path)
export const isProduct = (path: string): boolean => /^(agent|server|shared)\//.test(path)
export const isConsole = (path: string): boolean => path.startsWith('server/console/')
