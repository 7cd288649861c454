import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuditHead } from '#shared/protocol/documents/audit-heads.ts'
import type { Happening } from '../signal/signal.ts'
import { identityFolder, writeDurably } from './files.ts'

/*
 * This machine as a witness of the collector's audit. Enters: the heads that the collector gives out each day. Leaves: a
 * file of those it was given, which no later document changes; a critical signal when one line has had two hashes.
 * Threat: whoever runs the collector, removing from its audit what he did; he can sign a new list, not change this one.
 */

/** Of a year and more. */
const maxKept = 500

export const auditHeadsFile = (dataDir: string): string => join(identityFolder(dataDir), 'audit-heads.txt')

/** Lines of `<number>:<hash> <instant>`, as `tierline audit verify --heads` reads them. */
export function keptHeads(dataDir: string): string[] {
  const file = auditHeadsFile(dataDir)
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}

export async function witness(dataDir: string, heads: readonly AuditHead[]): Promise<Happening | undefined> {
  const kept = keptHeads(dataDir)
  const known = new Set(kept.map((line) => line.split(' ')[0] ?? ''))
  const news = heads.filter(({ number, hash }) => !known.has(`${number}:${hash}`))
  if (news.length === 0) return undefined
  const lines = news.map(({ number, hash, at }) => `${number}:${hash} ${new Date(at).toISOString()}`)
  await writeDurably(auditHeadsFile(dataDir), `${[...kept, ...lines].slice(-maxKept).join('\n')}\n`)
  const changed = news.find(({ number }) => [...known].some((head) => head.startsWith(`${number}:`)))
  return changed && rewritten(changed.number)
}

const rewritten = (number: number): Happening => ({
  kind: 'security.audit.rewritten',
  severity: 'critical',
  fingerprint: 'audit.rewritten',
  about: String(number),
  summary: `The collector gives line ${number} of its audit another hash than before: it was written anew, or the collector was set back to a backup`,
  facts: { technique: 'T1565.001', line: number },
  detector: 'identity',
})
