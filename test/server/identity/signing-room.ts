import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { DocumentFrame } from '#shared/protocol/document.ts'
import addresses from '#shared/protocol/documents/addresses.ts'
import { readToken } from '#shared/protocol/enrolment.ts'
import { certificateRequest, makeKey } from '../../../agent/identity/certificate-request.ts'
import { type Identity, openIdentity } from '../../../server/identity/identity.ts'
import { raiseWithin } from '../../../server/ingest/handled.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { storeUrl } from '../../support/database.ts'
import { listOf } from '../../support/documents.ts'
import { FakeTime } from '../../support/fake-time.ts'

export const home = 'https://rmm.example.org:7843'
/** What an agent has that keeps no document yet. */
export const nothing = { addresses: 0, 'audit-heads': 0, authorities: 0, operators: 0, revocations: 0 }

/** A collector's identity on its store, with nothing around it. */
export interface SigningRoom {
  store: Store
  time: FakeTime
  identity: Identity
  /** Another one on the same folder and store, as a second process would have it. */
  open(raising?: typeof raiseWithin): Promise<Identity>
  /** The collector starts again. */
  reopen(): Promise<void>
  move(...collectors: string[]): Promise<void>
  enrolled(): Promise<{ endpointId: string; peer: X509Certificate }>
  /** What an agent keeps, and would hand back. */
  newest(name: string): DocumentFrame
  /** @returns what brings back, as a backup made now would, and starts again. */
  backUp(): Promise<() => Promise<void>>
  troubles(): Promise<{ kind: string; summary: string; facts: string }[]>
  close(): Promise<void>
}

export async function openSigningRoom(): Promise<SigningRoom> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tierline-documents-'))
  const store = await openStore(await storeUrl(dataDir))
  const time = new FakeTime('2026-11-23T09:00:00Z')
  const log = pino({ level: 'silent' })
  const open = (raising = raiseWithin) => openIdentity({ dataDir, store, time, verbs: ['isolate-host'], log, raiseWithin: raising })
  const organisation = { id: 'organisation-1', name: 'One', mode: 'live', plan: 'standard', time_zone: 'UTC', created_at: 1 } as const
  await store.db.insertInto('organisations').values(organisation).execute()
  const room: SigningRoom = {
    ...{ store, time, open, identity: await open() },
    reopen: async () => {
      room.identity = await open()
    },
    move: (...collectors) => room.identity.documents.issue(addresses, () => listOf(...collectors)),
    enrolled: () => enrolInto(room.identity),
    newest: (name) => {
      const frame = room.identity.documents.newerThan(nothing).find((each) => each.name === name)
      if (!frame) throw new Error(`no ${name} was issued`)
      return frame
    },
    backUp: () => backUp(room),
    troubles: () => store.db.selectFrom('signals').select(['kind', 'summary', 'facts']).orderBy('arrival').execute(),
    close: async () => {
      await store.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
  return room
}

async function enrolInto(identity: Identity): Promise<{ endpointId: string; peer: X509Certificate }> {
  const wanted = { organisationId: 'organisation-1', createdBy: 'system', collectorUrl: 'https://127.0.0.1:7843' }
  const token = readToken((await identity.createToken(wanted)).token)
  if (!token) throw new TypeError('no token')
  const csr = await certificateRequest(makeKey(), 'pc-1')
  const outcome = await identity.enrol({ tokenId: token.id, secret: token.secret, csr, hostname: 'pc-1', platform: 'linux' })
  if (outcome.kind === 'refused') throw new Error(outcome.message)
  return { endpointId: outcome.response.endpointId, peer: new X509Certificate(outcome.response.certificate) }
}

async function backUp({ store, reopen }: SigningRoom): Promise<() => Promise<void>> {
  const tables = ['documents', 'endpoints', 'certificates'] as const
  const rows = await Promise.all(tables.map(async (table) => ({ table, rows: await store.db.selectFrom(table).selectAll().execute() })))
  return async () => {
    for (const table of tables.toReversed()) await store.db.deleteFrom(table).execute()
    for (const { table, rows: kept } of rows) if (kept.length > 0) await store.db.insertInto(table).values(kept).execute()
    await reopen()
  }
}
