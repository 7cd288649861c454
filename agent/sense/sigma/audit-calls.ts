import { auditRecord } from '#shared/sigma/audit-record.ts'
import type { Deed } from '../power/package-scripts.ts'
import { auditSerialOf } from '../processes/audit-joiner.ts'

const maxCalls = 200

/** The calls that auditd's last lines told of: the words of a command stand in a line of their own, which doesn't say whose they are. */
export class AuditCalls {
  readonly #lines: string[] = []

  note(line: string): void {
    if (!line.includes('type=SYSCALL')) return
    this.#lines.push(line)
    if (this.#lines.length > maxCalls) this.#lines.shift()
  }

  deedOf(line: string): Deed | undefined {
    const record = auditRecord(line)
    const serial = record && auditSerialOf(record)
    if (!record || serial === undefined) return undefined
    const parents = this.#lines.map((each) => auditRecord(each) ?? {}).filter((call) => auditSerialOf(call) === serial)
    const parentPid = Number(parents.at(-1)?.ppid)
    const words = Object.keys(record).flatMap((name) => (/^a\d+$/.test(name) ? [String(record[name])] : []))
    return parentPid > 0 ? { parentPid, words } : undefined
  }
}
