import { afterAll, describe, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { keepResults } from '../../../server/command/command.ts'
import { openDeskRoom } from '../../support/desk-room.ts'
import { startPostgres } from '../../support/postgres.ts'

/* The desk's whole story once on each database: every statement it writes is in it. */

const postgres = await startPostgres()
if (postgres.kind === 'unavailable') console.log(`The desk's story runs on SQLite only: ${postgres.reason}`)
afterAll(async () => {
  if (postgres.kind === 'running') await postgres.stop()
})
const databases = [
  ['SQLite', undefined],
  ['PostgreSQL', postgres.kind === 'running' ? postgres.url : undefined],
] as const

describe.each(databases)('on %s', (name, url) => {
  it.skipIf(name === 'PostgreSQL' && url === undefined)(
    'a signal becomes a ticket, a command, a settled command, an ended ticket',
    async () => {
      const room = await openDeskRoom(url === undefined ? {} : { url })
      const { db } = room.store
      const canary = {
        kind: 'security.ransomware.canary',
        severity: 'critical',
        state: 'happened',
        facts: { change: 'unreadable' },
      } as const
      const ticketOf = (kind: string) => db.selectFrom('tickets').selectAll().where('kind', '=', kind).executeTakeFirstOrThrow()
      await room.receivers.create({ name: 'dead', notifier: 'webhook', url: 'http://127.0.0.1:9/', organisationId: 'acme' })

      await room.signals(
        canary,
        { endpointId: 'srv' },
        { endpointId: 'srv' },
        { kind: 'a.note', severity: 'low', state: 'happened' },
        { endpointId: null, kind: 'request.mail', severity: 'high' },
      )
      expect(await ticketOf('security.ransomware.canary')).toMatchObject({
        number: 1,
        priority: 'P1',
        containment: 'auto',
        resolve_by: room.time.now() + minutes(240),
      })
      expect(await ticketOf('health.disk.full')).toMatchObject({ occurrences: 2, tier: 'tier1' })
      expect(room.sent).toHaveLength(1)
      await room.outbox.idle()
      expect(await db.selectFrom('outbox').select('attempts').execute()).toEqual([{ attempts: 1 }, { attempts: 1 }, { attempts: 1 }])

      const { id, verb } = await db.selectFrom('commands').selectAll().executeTakeFirstOrThrow()
      const result = {
        v: 1,
        type: 'result',
        commandId: id,
        verb,
        outcome: 'failed',
        startedAt: 1,
        finishedAt: 2,
        detail: 'no nft',
      } as const
      await db.transaction().execute((tx) => keepResults(tx, [{ endpointId: 'ws', result: result }], room.time.now()))
      await room.pipeline.idle()
      expect(await ticketOf('security.isolation.failed')).toMatchObject({ priority: 'P1', endpoint_id: 'ws' })
      await room.dispatcher.received('ws', id, 1)
      await room.dispatcher.reported('ws', { actual: 'open', readiness: { isReady: false }, since: 1, detail: 'half a \ud800 and a \0' })
      expect(await db.selectFrom('isolations').select('detail').executeTakeFirstOrThrow()).toEqual({ detail: 'half a \ufffd and a \ufffd' })
      await room.dispatcher.connected('ws')

      const disk = await ticketOf('health.disk.full')
      const act = { ticketId: disk.id, person: { id: 'p', name: 'P' } }
      expect(await room.desk.acknowledge({ ...act, version: disk.version })).toMatchObject({ kind: 'done' })
      await room.time.advance(minutes(15))
      await room.timers.idle()
      const moved = await ticketOf('health.disk.full')
      expect(moved).toMatchObject({ tier: 'tier2' })
      expect(await room.desk.resolve({ ...act, version: moved.version, resolution: 'fixed', note: '' })).toMatchObject({ kind: 'done' })
      room.time.jump(minutes(60 * 24))
      await room.timers.idle()
      await room.pipeline.idle()
      expect((await db.selectFrom('digest_lines').select('sent_at').execute()).map(({ sent_at }) => sent_at)).toEqual([room.time.now()])
      expect(await db.selectFrom('signals').select('id').where('handled_at', 'is', null).execute()).toEqual([])
      await room.close()
    },
  )
})
