import type { Time } from '#shared/domain/time.ts'
import revocations from '#shared/protocol/documents/revocations.ts'
import type { OwnTrouble } from '../ingest/rows.ts'
import type { Tx } from '../store/store.ts'
import type { Adopted } from './documents.ts'
import { revokeListed } from './revocations.ts'

export type RaiseWithin = (tx: Tx, trouble: OwnTrouble, now: number) => Promise<void>

/**
 * What becomes of a document that agents handed back, in its own transaction: whom the list revokes is revoked again, and
 * people hear of it once, whatever was handed back, because only a collector that was set back forgets a number.
 */
export function adoption({ time, raiseWithin }: { time: Time; raiseWithin?: RaiseWithin }) {
  return async (tx: Tx, adopted: Adopted): Promise<string[]> => {
    const now = time.now()
    const revoked = adopted.name === revocations.name ? await revokeListed(tx, revocations.content.parse(adopted.content), now) : []
    const first = await tx.selectFrom('organisations').select('id').orderBy('created_at').executeTakeFirst()
    if (first) await raiseWithin?.(tx, news(first.id, adopted, revoked), now)
    return revoked
  }
}

function news(organisationId: string, { name, number, before }: Adopted, revoked: readonly string[]): OwnTrouble {
  const again = revoked.length === 0 ? '' : `; revoked again: ${revoked.length}`
  return {
    ...{ organisationId, endpointId: null, kind: 'system.documents.handed-back', severity: 'high' },
    fingerprint: 'system.documents.handed-back',
    summary: `This collector was set back: agents handed back what it had signed since (${name} ${number}, here it was ${before})${again}`,
    facts: { name, number, before, revoked: revoked.slice(0, 100) },
  }
}
