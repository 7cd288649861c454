import { isAbsolute, join } from 'node:path'
import { auditRecord } from '#shared/sigma/audit-record.ts'
import { BoundedMap } from '../logon/bounded-map.ts'
import { auditSerialOf } from '../processes/audit-joiner.ts'

/** By which the agent's own rules are known among those that audit has for others. */
export const auditKey = 'tierline-decoys'
/** Of those that stand for a minute, once somebody's documents can't be read any more. */
export const documentsKey = 'tierline-documents'

export interface AuditWrite {
  pid: number
  /** Still there when the one that wrote is gone again. */
  parentPid: number
  /** Opened for writing, made, renamed or deleted. */
  paths: string[]
}

interface Joined {
  pid: number
  parentPid: number
  directory: string
  /** Whether a name without a folder stands in that one. */
  isThere: boolean
  names: string[]
}

/** Of more events than this at once, the oldest is given up. */
const maxOpen = 500
/** A call names two folders and two files at most. */
const maxNames = 8

/**
 * Who wrote to a watched folder, from auditd's log: SYSCALL names the process, CWD its folder, each PATH a file, PROCTITLE or EOE the end.
 * Lines in, writes out. Threat: names are the attacker's choice; auditd writes those that hold more than plain characters as digits, so no
 * name begins a line of its own.
 */
export class AuditWrites {
  readonly #open = new BoundedMap<Joined>(maxOpen)
  readonly #key: string

  constructor(key = auditKey) {
    this.#key = key
  }

  take(line: string): AuditWrite | undefined {
    const record = auditRecord(line)
    const serial = record && auditSerialOf(record)
    if (!record || serial === undefined) return undefined
    if (record.type === 'SYSCALL' && record.key === this.#key && record.success === 'yes') {
      const isThere = goesByOwnFolder(record)
      this.#open.touch(serial, () => ({ pid: Number(record.pid), parentPid: Number(record.ppid), directory: '/', isThere, names: [] }))
      return undefined
    }
    const joined = this.#open.get(serial)
    if (!joined) return undefined
    add(joined, record)
    return record.type === 'PROCTITLE' || record.type === 'EOE' ? this.#end(serial, joined) : undefined
  }

  #end(serial: string, { pid, parentPid, directory, isThere, names }: Joined): AuditWrite | undefined {
    this.#open.delete(serial)
    const paths = names.filter((name) => isThere || isAbsolute(name)).map((name) => (isAbsolute(name) ? name : join(directory, name)))
    return paths.length === 0 ? undefined : { pid, parentPid, paths }
  }
}

/** Calls that change files by names alone. */
const takingNames = /^(?:open|creat|truncate|rename|link|symlink|unlink|mkdir|rmdir|mknod|chmod|l?chown|l?setxattr|l?removexattr|utimes?)$/
/** Those with a folder's descriptor before the name have it first, but for these. */
const descriptors: Readonly<Record<string, readonly string[]>> = {
  ...{ renameat: ['a0', 'a2'], renameat2: ['a0', 'a2'], linkat: ['a0', 'a2'], symlinkat: ['a1'] },
}
/** AT_FDCWD, -100. */
const ownFolder = /^(?:f{8})?ffffff9c$/

/** Whether names go by the process's own folder. Where they go by a descriptor nobody tells which that is: unknown is better than wrong. */
function goesByOwnFolder(record: Record<string, unknown>): boolean {
  const call = String(record.SYSCALL ?? '')
  if (takingNames.test(call)) return true
  const folders = /at2?$/.test(call) ? (descriptors[call] ?? ['a0']) : undefined
  return folders?.every((name) => ownFolder.test(String(record[name]))) ?? false
}

function add(joined: Joined, { type, cwd, name, nametype }: Record<string, unknown>): void {
  if (type === 'CWD' && typeof cwd === 'string') joined.directory = cwd
  if (type === 'PATH' && nametype !== 'PARENT' && typeof name === 'string' && joined.names.length < maxNames) joined.names.push(name)
}
