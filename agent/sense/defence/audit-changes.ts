import { auditKey, documentsKey } from '../writers/audit-writes.ts'

/** What was done to the audit itself, as its own log says. */
export interface AuditChange {
  what: 'disabled' | 'rules-removed'
  /** The user who had signed in (auid), as a number; undefined where nobody had. */
  userId: number | undefined
  line: string
}

const change = /^(?:node=\S+ )?type=CONFIG_CHANGE msg=audit\([\d.]+:\d+\): (.*)$/
/** Rules of the agent's own come and go with its decoys; whoever takes all rules away takes others too. */
const ours = new RegExp(`\\bop="?(?:add|remove)_rule"? key="?(?:${auditKey}|${documentsKey})"?(?: |$)`)
/** The kernel's number for "nobody signed in". */
const unset = 4_294_967_295

/** Undefined for every line that is about something else, or says that it didn't work. */
export function auditChange(line: string): AuditChange | { what: 'rules-added' } | undefined {
  const fields = change.exec(line)?.[1]
  if (fields === undefined || / res=0\b/.test(fields) || ours.test(fields)) return undefined
  if (/\bop="?add_rule\b/.test(fields)) return { what: 'rules-added' }
  const auid = Number(/\bauid=(\d+)/.exec(fields)?.[1] ?? unset)
  const said = { userId: auid === unset ? undefined : auid, line: line.slice(0, 1_000) }
  if (/\baudit_enabled=0\b/.test(fields) && !/\bold=0\b/.test(fields)) return { what: 'disabled', ...said }
  return /\bop="?remove_rule\b/.test(fields) ? { what: 'rules-removed', ...said } : undefined
}
