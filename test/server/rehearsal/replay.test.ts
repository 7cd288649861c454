import { expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { readRules } from '../../../server/pipeline/keep.ts'
import { type Replayed, replay } from '../../../server/rehearsal/replay.ts'
import { parseMatrix } from '../../../server/route/matrix.ts'
import { openDeskRoom } from '../../support/desk-room.ts'

/* Recorded tickets by another matrix: also those over many of a site, of which no signal is their own. */

it('sends a ticket over many where what made them many goes, by each matrix', async () => {
  await using stack = new AsyncDisposableStack()
  const room = await openDeskRoom({ roles: { s1: 'server', s2: 'server', s3: 'server' } })
  stack.defer(() => room.close())
  const unreadable = {
    kind: 'security.ransomware.canary',
    severity: 'critical',
    state: 'happened',
    facts: { change: 'unreadable' },
  } as const
  for (const endpointId of ['s1', 's2', 's3']) {
    await room.signals({ ...unreadable, endpointId, fingerprint: endpointId })
    await room.time.advance(seconds(1))
  }
  const tickets = await room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
  const parent = tickets.find(({ gathers }) => gathers === 'site')
  const other = parseMatrix(room.matrix.yaml.replace('name: canary-unreadable', 'name: another-name'))
  if (other.kind !== 'matrix') throw new Error(JSON.stringify(other.problems))
  const rules = [readRules(room.matrix), readRules(other.matrix)]
  const played: Replayed[] = []
  for await (const each of replay(room.store.reader, rules, 0)) played.push(each)
  expect(played).toHaveLength(tickets.length)
  for (const { ticket, ways } of played) {
    const { rule, priority, team } = tickets.find(({ id }) => id === ticket.id) ?? {}
    expect(ways[0]).toMatchObject({ rule, priority, team, becomes: 'ticket' })
  }
  expect(played.find(({ ticket }) => ticket.id === parent?.id)?.ways[1]).toMatchObject({ rule: 'another-name', priority: 'P1' })
})
