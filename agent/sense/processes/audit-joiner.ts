import { auditRecord } from '#shared/sigma/audit-record.ts'
import { BoundedMap } from '../logon/bounded-map.ts'
import type { ProcessStart } from './process-start.ts'

type Fields = Record<string, unknown>

interface Joined {
  call: Fields | undefined
  /** Arguments by their place; a long command line comes in several records. */
  words: Map<number, string>
  directory: string | undefined
  isTold: boolean
}

/** Records of one event come together; of more than this many events at once, the oldest is given up. */
const maxOpen = 500
const maxWords = 1_000

/**
 * auditd tells one start in several records that share a serial: SYSCALL (who), EXECVE (the words), CWD, PATH, PROCTITLE, and EOE at the
 * end where there is one. Lines in, starts out; what never becomes whole is forgotten.
 */
export class AuditJoiner {
  readonly #open = new BoundedMap<Joined>(maxOpen)
  readonly #userOf: (userId: number) => string

  constructor(userOf: (userId: number) => string) {
    this.#userOf = userOf
  }

  take(line: string): ProcessStart | undefined {
    const record = auditRecord(line)
    const serial = record && auditSerialOf(record)
    if (!record || serial === undefined) return undefined
    const joined = this.#open.touch(serial, () => ({ call: undefined, words: new Map(), directory: undefined, isTold: false }))
    add(joined, record)
    // What comes behind the words may be missing, so the end of the event or its last usual record is waited for, whichever comes first.
    const isWhole = joined.call !== undefined && joined.words.size > 0 && ['PATH', 'PROCTITLE', 'EOE'].includes(String(record.type))
    if (joined.isTold || !isWhole || joined.call?.success === 'no') return undefined
    joined.isTold = true
    return this.#startOf(joined, joined.call ?? {})
  }

  #startOf({ words, directory }: Joined, call: Fields): ProcessStart {
    const inOrder = [...words].sort(([a], [b]) => a - b).map(([, word]) => word)
    return {
      ...{
        at: Number(call.at),
        pid: Number(call.pid),
        parentPid: Number(call.ppid),
        image: textOf(call.exe),
        commandLine: inOrder.join(' '),
      },
      ...{ user: this.#userOf(Number(call.uid)), directory, parentImage: '', parentCommandLine: '', source: 'auditd' },
    }
  }
}

/** What the records of one event have in common. */
export const auditSerialOf = ({ node = '', serial, at }: Fields): string | undefined =>
  typeof serial === 'string' ? `${String(node)} ${serial} ${String(at)}` : undefined

function add(joined: Joined, record: Fields): void {
  if (record.type === 'SYSCALL' && ['execve', 'execveat'].includes(String(record.SYSCALL))) joined.call = record
  if (record.type === 'CWD') joined.directory = textOf(record.cwd)
  if (record.type !== 'EXECVE') return
  for (const [name, value] of Object.entries(record)) {
    // `a2[1]` is the second part of a word that is too long for one record.
    const place = /^a(\d{1,4})(?:\[\d{1,4}\])?$/.exec(name)?.[1]
    if (place === undefined || joined.words.size >= maxWords) continue
    joined.words.set(Number(place), (joined.words.get(Number(place)) ?? '') + textOf(value))
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '').replace(/\p{Cc}/gu, '�')
