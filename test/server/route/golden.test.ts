import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Role } from '#shared/domain/endpoint.ts'
import type { Subject } from '../../../server/pipeline/changes.ts'
import { readRules } from '../../../server/pipeline/keep.ts'
import { decide } from '../../../server/pipeline/pipeline.ts'
import { alone } from '../../../server/pipeline/world.ts'
import { isPagingTicket } from '../../../server/route/route.ts'
import { nothingSuppressed } from '../../../server/suppress/suppress.ts'
import { headline } from '../../../server/ticket/sentences.ts'
import { defaultMatrix, type PlacedSignal, signalRow } from '../../support/desk-room.ts'

/*
 * The golden cases of the design (site Europe/Berlin, live, Mon–Fri 08–18). One case is one file; what the matrix that
 * ships makes of it stands beside it, written anew by `npx vitest run test/server/route/golden.test.ts -u` and read as a diff.
 */
const folder = join(import.meta.dirname, '../../golden/matrix')
const cases = readdirSync(folder).filter((file) => file.endsWith('.in.json'))
const rules = readRules(await defaultMatrix())
const timeZone = 'Europe/Berlin'

interface GoldenCase {
  signal: Partial<PlacedSignal>
  role: Role
  plan?: string
  mode?: 'observe' | 'live'
  arrives: string
  /** Clear again by the time it is decided. */
  isOver?: boolean
}

describe('golden cases of the matrix that ships', () => {
  it.each(cases)('%s', async (file) => {
    const golden = JSON.parse(readFileSync(join(folder, file), 'utf8')) as GoldenCase
    await expect(`${JSON.stringify(outcomeOf(golden), null, 2)}\n`).toMatchFileSnapshot(join(folder, file.replace('.in.json', '.out.json')))
  })
})

function outcomeOf({ signal, role, plan = 'standard', mode = 'live', arrives, isOver = false }: GoldenCase) {
  const now = Temporal.PlainDateTime.from(arrives).toZonedDateTime(timeZone, { disambiguation: 'earlier' }).epochMilliseconds
  const subject: Subject = {
    organisation: { id: 'acme', name: 'Acme', mode, plan, timeZone },
    ...{
      site: { id: 'site-1', timeZone },
      endpoint: { id: 'host', hostname: 'host' },
      role,
      roleSource: role === 'unknown' ? 'unknown' : 'facts',
      isolation: null,
    },
  }
  const view = {
    subjectOf: () => subject,
    earlier: () => undefined,
    nextNumber: 1,
    isOver: () => isOver,
    lately: [],
    suppression: nothingSuppressed,
    ...alone,
  }
  const outcome = decide(view, rules, signalRow({ id: 'signal-1', ...signal }, now), now)
  if (outcome.kind !== 'ticket') return outcome
  const { ticket, orders, timers } = outcome.work
  return {
    headline: headline(ticket, now),
    ...{
      rule: ticket.rule,
      priority: ticket.priority,
      team: ticket.team,
      tier: ticket.tier,
      isPaging: isPagingTicket(rules.matrix, outcome.work),
    },
    ...{
      containment: ticket.containment,
      orders: orders.map(({ verb }) => verb),
      askDue: at(timers.find(({ kind }) => kind === 'ask-due')?.dueAt ?? null),
    },
    ...{
      respondBy: at(ticket.respond_by),
      resolveBy: at(ticket.resolve_by),
      timeBox: at(timers.find(({ kind }) => kind === 'time-box')?.dueAt ?? null),
    },
    reasons: JSON.parse(ticket.reasons) as string[],
  }
}

const at = (instant: number | null): string | null =>
  instant === null
    ? null
    : Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toString({ smallestUnit: 'minute' })
