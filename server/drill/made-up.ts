import { randomUUIDv7 } from 'node:crypto'
import type { RecordBody } from '#shared/protocol/record.ts'
import type { From } from '../ingest/rows.ts'
import type { Store } from '../store/store.ts'

type Frame = { epoch: string; lane: 'security'; records: { seq: number; body: RecordBody }[] }

/** A workstation that nothing has happened to yet. */
export async function machineOf({ db }: Store, organisationId: string, count: number, now: number): Promise<From> {
  const endpointId = `drill-${count}`
  await db
    .insertInto('endpoints')
    .values({
      ...{ id: endpointId, organisation_id: organisationId, site_id: null, hostname: endpointId, platform: 'linux' },
      ...{ confirmed_role: 'workstation', enrolled_at: now, is_new: 0, removed_at: null },
    })
    .execute()
  return { endpointId, organisationId, siteId: null, clockBehindMs: 0 }
}

/** What an agent says of a decoy that a program made unreadable. */
export function madeUpAttack(count: number, now: number): Frame {
  const path = `/home/drill/Documents/Annual accounts ${count}.xlsx`
  return frameOf(1, {
    ...{ v: 1, type: 'signal' },
    signal: {
      ...{ id: randomUUIDv7(), kind: 'security.ransomware.canary', severity: 'critical', state: 'happened' },
      ...{ fingerprint: 'security.ransomware.canary', about: path, summary: 'The decoy “Annual accounts.xlsx” was made unreadable' },
      facts: {
        ...{
          change: 'unreadable',
          canary: path,
          canariesTouched: 1,
          canaries: [path],
          touchedAt: now,
          where: `${path}.enc`,
          technique: 'T1486',
        },
        ...{ process: 'drill', pid: 4_000 + count, startTicks: 1_000 + count, exe: '/usr/bin/drill', commandLine: 'drill', userId: 1_000 },
        ...{ exeSha256: null, processSha256: null, suspended: true },
      },
      evidence: [{ name: 'the process that did it, with all below it', text: 'drill' }],
      ...{ sensedAt: now, detector: 'ransomware-canary' },
    },
  })
}

export function isolated(commandId: string, now: number): Frame {
  return frameOf(2, {
    ...{ v: 1, type: 'result', commandId, verb: 'isolate-host', outcome: 'succeeded', startedAt: now, finishedAt: now, detail: '' },
    isolation: {
      ...{ actual: 'isolated', readiness: { isReady: true }, since: now, commandId, number: 1 },
      proof: { rulesAppliedAt: now, collectorReached: true, cutOff: true },
    },
  })
}

const frameOf = (seq: number, body: RecordBody): Frame => ({ epoch: 'drill', lane: 'security', records: [{ seq, body }] })
