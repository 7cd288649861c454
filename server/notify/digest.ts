import { v7 as orderedId } from 'uuid'
import type { PutRows } from '../pipeline/changes.ts'
import type { Tx } from '../store/store.ts'
import type { DigestLinesTable } from '../store/tables/notify.ts'
import type { Notice } from './notify.ts'

export interface DigestLine {
  organisationId: string
  endpointId: string | null
  team: string
  signalId: string
  summary: string
}

export async function keepDigestLines(tx: Tx, putRows: PutRows, lines: readonly DigestLine[], now: number): Promise<void> {
  const rows = lines.map(
    ({ organisationId, endpointId, team, signalId, summary }): DigestLinesTable => ({
      ...{ id: orderedId(), organisation_id: organisationId, endpoint_id: endpointId, team },
      ...{ signal_id: signalId, summary, at: now, sent_at: null },
    }),
  )
  await putRows(tx, 'digest_lines', rows, 'ignore')
}

/** More lines than anybody reads; the rest is counted. */
const maxLinesPerDigest = 200

/** The day's lines of one organisation: one notice per team. Marks them in the same transaction. */
export async function takeDigest(tx: Tx, organisationId: string, now: number): Promise<Notice[]> {
  const lines = await tx
    .updateTable('digest_lines')
    .set({ sent_at: now })
    .where('organisation_id', '=', organisationId)
    .where('sent_at', 'is', null)
    .returning(['team', 'summary', 'at', 'endpoint_id as endpointId'])
    .execute()
  return [...Map.groupBy(lines, ({ team }) => team)].map(([team, ofTeam]) => {
    const sorted = ofTeam.toSorted((a, b) => a.at - b.at)
    const body = {
      team,
      count: sorted.length,
      lines: sorted.slice(0, maxLinesPerDigest).map(({ summary, at, endpointId }) => ({ summary, at, endpointId })),
    }
    return { event: 'digest', organisationId, ticketId: null, team, isForContacts: false, body }
  })
}
