import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { recur } from '#shared/domain/recur.ts'
import { days, minutes, type Time } from '#shared/domain/time.ts'
import auditHeads, { type AuditHead, maxAuditHeads } from '#shared/protocol/documents/audit-heads.ts'
import type { Audit } from '../audit/audit.ts'
import { headText } from '../audit/chain.ts'
import type { Documents } from '../identity/documents.ts'
import { enqueue, loadReceivers } from '../notify/notify.ts'
import type { Store } from '../store/store.ts'

/*
 * The head of the audit leaves this machine once a day: to a file for whatever copies files away, to the receivers of the
 * admins (mail, webhooks), and as a signed document to every agent. Enters: nothing but time. Promises: a head that was
 * given away is never taken back. On failure: said in the log and tried again. Threat: whoever can rewrite the whole table;
 * he can't rewrite what is elsewhere.
 */

export interface AuditHeadsNeeds {
  store: Store
  time: Time
  log: Logger
  audit: Audit
  documents: Pick<Documents, 'content' | 'issue'>
  /** The file lies there. */
  dataDir: string
  outbox: { nudge(): void }
}

/** Steps of commands wait no longer for their place in the chain. */
const everyMs = minutes(1)
const tellEveryMs = days(1)

/** @returns its stop, which waits for the round that runs. */
export const startAuditHeads = (needs: AuditHeadsNeeds): (() => Promise<void>) =>
  recur({
    time: needs.time,
    everyMs,
    round: () => giveHead(needs),
    failed: (error) => needs.log.error({ reason: sentenceOf(error) }, 'the head of the audit could not be given away'),
  })

/** Gives what waits its place, and once a day the head away. */
export async function giveHead({ store, time, audit, documents, dataDir, outbox }: AuditHeadsNeeds): Promise<void> {
  const now = time.now()
  const { number, hash } = await audit.settle(store.db)
  const told = documents.content(auditHeads)?.heads.at(-1)
  if (number === 0 || told?.number === number || (told !== undefined && told.at > now - tellEveryMs)) return
  const head = { number, hash, at: now }
  // First what says that this day is done: while it fails, nobody is told once a minute.
  await documents.issue(auditHeads, (latest) => ({ heads: [...(latest?.heads ?? []), head].slice(-maxAuditHeads) }))
  appendFileSync(join(dataDir, 'audit-heads.txt'), `${lineOf(head)}\n`, { mode: 0o600 })
  if (await tellAdmins(store, head, now)) outbox.nudge()
}

const lineOf = (head: AuditHead): string => `${headText(head)} ${new Date(head.at).toISOString()}`

/** In the words of a digest, as of one line. It is about the whole collector, so it goes to its own people only. */
async function tellAdmins(store: Store, head: AuditHead, now: number): Promise<boolean> {
  const oldest = store.reader.selectFrom('organisations').select('id').orderBy('created_at').limit(1)
  const organisation = await oldest.executeTakeFirst()
  if (!organisation) return false
  const summary = `Keep this head of the audit where the collector can't reach it: ${headText(head)}`
  const body = { team: 'admin', count: 1, lines: [{ summary, at: now, endpointId: null }] }
  const about = { organisationId: organisation.id, ticketId: null, team: 'admin', isProviders: true, isForContacts: false }
  return store.db.transaction().execute(async (tx) => {
    const receivers = (await loadReceivers(tx)).filter(({ team }) => team === 'admin')
    return (await enqueue(tx, store.capabilities.putRows, [{ event: 'digest', ...about, body }], receivers, now)) > 0
  })
}
