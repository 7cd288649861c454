import { isAbsolute, join } from 'node:path'
import { auditRecord } from '#shared/sigma/audit-record.ts'
import { BoundedMap } from '../logon/bounded-map.ts'
import { auditSerialOf } from '../processes/audit-joiner.ts'

/** By which the agent's own rules are known among those that audit has for others. */
export const auditKey = 'tierline-decoys'

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

  take(line: string): AuditWrite | undefined {
    const record = auditRecord(line)
    const serial = record && auditSerialOf(record)
    if (!record || serial === undefined) return undefined
    if (record.type === 'SYSCALL' && record.key === auditKey && record.success === 'yes') {
      this.#open.touch(serial, () => ({ pid: Number(record.pid), parentPid: Number(record.ppid), directory: '/', names: [] }))
      return undefined
    }
    const joined = this.#open.get(serial)
    if (!joined) return undefined
    add(joined, record)
    return record.type === 'PROCTITLE' || record.type === 'EOE' ? this.#end(serial, joined) : undefined
  }

  #end(serial: string, { pid, parentPid, directory, names }: Joined): AuditWrite | undefined {
    this.#open.delete(serial)
    if (names.length === 0) return undefined
    return { pid, parentPid, paths: names.map((name) => (isAbsolute(name) ? name : join(directory, name))) }
  }
}

function add(joined: Joined, { type, cwd, name, nametype }: Record<string, unknown>): void {
  if (type === 'CWD' && typeof cwd === 'string') joined.directory = cwd
  if (type === 'PATH' && nametype !== 'PARENT' && typeof name === 'string' && joined.names.length < maxNames) joined.names.push(name)
}
