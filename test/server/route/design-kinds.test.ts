import { describe, expect, it } from 'vitest'
import type { Role } from '#shared/domain/endpoint.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { Facts } from '#shared/domain/signal.ts'
import type { Subject, Trouble } from '../../../server/pipeline/changes.ts'
import { readRules } from '../../../server/pipeline/keep.ts'
import { prioritise } from '../../../server/prioritise/prioritise.ts'
import { match } from '../../../server/route/match.ts'
import { route } from '../../../server/route/route.ts'
import { byRole, containmentIn, hasDesign, roles, table, teamsIn } from '../../support/design.ts'
import { defaultMatrix } from '../../support/desk-room.ts'

/* Every row of the design's table of kinds, each cell of it, through the matrix that ships. */
const { matrix, routesFor, circumstancesOf } = readRules(await defaultMatrix())
const now = Date.parse('2026-11-10T10:00:00Z')

/** What a signal of this row says beside its kind and severity. */
const factsOfRow: Record<number, Facts> = {
  1: { change: 'unreadable', canariesTouched: 1 },
  2: { change: 'edited', canariesTouched: 1 },
  3: { change: 'deleted', canariesTouched: 1 },
  6: { state: 'removed' },
  7: { state: 'active' },
}
/** Cells that say how it is found out, with what they come to here. */
const severitiesOf: Record<string, string> = { 'by words': 'high', 'by signal': 'medium', 'critical, high': 'critical; high' }
const prioritiesOf: Record<string, string> = { '1–4': '3/2/2', '1 or 2': '1; 2', 'by grid': '4/3/2' }
const pagesOf: Record<string, string> = { 'srv, core': 'servers' }
const becomesOf: Record<string, string> = { T: 'ticket', D: 'digest', R: 'record' }
/** Kinds of a row that its first words are not about; the rest of the cell tells of them, and `clauses` below. */
const elsewhere = ['network.link.errors']
/** Rows whose severities are listed, and whose priorities stand apart by semicolons. */
const severitiesOfRow: Record<number, string> = { 25: 'critical; high; medium', 40: 'critical; high' }

interface Case {
  name: string
  kind: string
  severity: Severity
  facts: Facts
  role: Exclude<Role, 'unknown'>
  expected: Record<string, unknown>
}

const trouble = ({ kind, severity, facts }: Pick<Case, 'kind' | 'severity' | 'facts'>): Trouble => ({
  ...{ signalId: 's', kind, severity, state: 'raised', fingerprint: kind, summary: `It is ${kind}`, facts },
  ...{ ageMs: 0, happenedAt: null, source: 'agent', urgency: null },
})

const subjectOf = (role: Role): Subject => ({
  organisation: { id: 'acme', name: 'Acme', mode: 'live', plan: 'standard', timeZone: 'Europe/Berlin' },
  ...{ site: { id: 'site-1', timeZone: 'Europe/Berlin' }, endpoint: { id: 'host', hostname: 'host' } },
  ...{ role, roleSource: 'facts', isolation: null },
})

function decided(each: Pick<Case, 'kind' | 'severity' | 'facts' | 'role'>) {
  const said = trouble(each)
  const subject = subjectOf(each.role)
  const rule = match(routesFor(each.kind), said, subject)
  const { priority } = prioritise(matrix, rule, said, subject, circumstancesOf(subject, now, undefined))
  const { becomes, team, tells, contain, suspends, needsVisit } = route(matrix, rule, priority, said, subject)
  return { becomes, priority, team, tells, contain, suspends, page: rule.page, needsVisit }
}

const kindsIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, kind = '']) => kind)
const oneOf = (pattern: string): string => (pattern === '*' ? 'printer.toner' : pattern.replace('*', 'other'))

function casesOf([
  at = '',
  kinds = '',
  when = '',
  severity = '',
  priority = '',
  team = '',
  contain = '',
  page = '',
  becomes = '',
]: string[]) {
  const row = Number(at)
  const severities = (severitiesOfRow[row] ?? severitiesOf[severity] ?? severity).split('; ')
  const priorities = (prioritiesOf[priority] ?? priority).split('; ')
  return kindsIn(kinds).flatMap((kind) =>
    severities.flatMap((each, index) =>
      roles.map((role): Case => {
        const p = byRole(priorities[index] ?? priorities[0] ?? '')[role]
        const isRecorded = p === '–' && priority !== '–'
        const isTicket = p !== '–'
        const teams = teamsIn(team)
        const told = when.includes('tier3 is told') ? ['tier3'] : teams.tells
        // Row 10 contains another machine, which has a ticket of its own.
        const ticket = {
          ...{
            priority: `P${p}`,
            contain: containmentIn(row === 10 ? 'never' : byRole(contain.replace(' ⏸', ''), ' / ')[role]),
            suspends: contain.includes('⏸'),
          },
          ...{ page: pagesOf[page] ?? page, tells: told },
        }
        const said = byRole(each)[role]
        return {
          name: `row ${at} ${kind} ${each} on ${role}`,
          ...{ kind: oneOf(kind), severity: (said === '–' ? byRole(each).server : said) as Severity, facts: factsOfRow[row] ?? {}, role },
          expected: { becomes: isRecorded ? 'record' : becomesOf[becomes], ...(isTicket ? { team: teams.team[role], ...ticket } : {}) },
        }
      }),
    ),
  )
}

const rows = table(2)
/** Row 33's first words: on a workstation a clock is a line of the digest. */
const isClockOfWorkstation = ({ kind, role }: Case): boolean => kind === 'health.time.offset' && role === 'workstation'
const cases = rows.flatMap(casesOf).filter((each) => !elsewhere.includes(each.kind) && !isClockOfWorkstation(each))

/** What the cell "when" of a row says of cases apart: the words there, a signal, and what it comes to. */
const clauses: [row: number, words: string, signal: Partial<Case> & { kind: string }, expected: Record<string, unknown>][] = [
  [
    1,
    '≥ 2 canaries touched in 60 s',
    { kind: 'security.ransomware.canary', severity: 'critical', facts: { change: 'edited', canariesTouched: 2 } },
    { contain: { kind: 'auto' }, suspends: true },
  ],
  [
    4,
    'the server never',
    { kind: 'security.ransomware.encryption', severity: 'critical', role: 'server', facts: { throughShare: true } },
    { priority: 'P1', contain: { kind: 'never' } },
  ],
  [
    10,
    'Contain the **source** if it is ours, never the target',
    { kind: 'security.logon.from-here', severity: 'high', role: 'server' },
    { priority: 'P2', team: 'security', contain: { kind: 'ask', waitMs: null, otherwise: 'leave' }, page: 'yes' },
  ],
  [11, 'An administrator on srv or core: low, D', { kind: 'security.logon.unusual', severity: 'low', role: 'core' }, { becomes: 'digest' }],
  [
    12,
    'R when our own signed command did it',
    { kind: 'security.account.admin-added', facts: { byOwnCommand: true }, role: 'core' },
    { becomes: 'record' },
  ],
  [18, '≥ 20 in 1 h from one endpoint: medium, T, admin', { kind: 'security.command.stale' }, { becomes: 'ticket', team: 'admin' }],
  [20, 'Field order at once', { kind: 'security.isolation.failed', severity: 'critical' }, { needsVisit: true }],
  [23, 'Level medium: D', { kind: 'security.sigma.rule' }, { becomes: 'digest' }],
  [23, 'Low, informational or `experimental`: R', { kind: 'security.sigma.rule', severity: 'low' }, { becomes: 'record' }],
  [25, 'low D, info R', { kind: 'security.other', severity: 'low' }, { becomes: 'digest' }],
  [25, 'low D, info R', { kind: 'security.other', severity: 'info' }, { becomes: 'record' }],
  [26, 'after 30 days a line in the monthly list', { kind: 'presence.missing', severity: 'low' }, { becomes: 'digest', team: 'tier3' }],
  [27, 'Field order after 30 min', { kind: 'presence.site-visit', severity: 'critical' }, { becomes: 'ticket', team: 'field' }],
  [30, 'Field order with model and bay', { kind: 'health.disk.failing', severity: 'high', role: 'server' }, { needsVisit: true }],
  [31, 'ws: R', { kind: 'health.cpu.busy' }, { becomes: 'record' }],
  [33, '(ws: D)', { kind: 'health.time.offset' }, { becomes: 'digest', team: 'tier2' }],
  [
    33,
    'Certificate < 3 days: high',
    { kind: 'health.certificate.expiring', severity: 'high', role: 'core' },
    { becomes: 'ticket', priority: 'P1' },
  ],
  [34, '> 50 h: high', { kind: 'health.backup.late', severity: 'high', role: 'server' }, { becomes: 'ticket', priority: 'P2' }],
  [
    38,
    'low, P4, field order with the port',
    { kind: 'network.link.errors', severity: 'low', role: 'core' },
    { priority: 'P4', team: 'tier2', needsVisit: true },
  ],
  [
    38,
    'The whole site: critical, P1, tier3',
    { kind: 'network.path.dns', severity: 'critical' },
    { priority: 'P1', team: 'tier3', page: 'plan' },
  ],
  [
    39,
    'everyone: high, but P1 only once a technician confirms',
    { kind: 'request.mail', severity: 'high', facts: { affects: 'everyone' } },
    { priority: 'P2' },
  ],
  [39, 'several: impact medium', { kind: 'request.mail', severity: 'high', facts: { affects: 'several' } }, { priority: 'P2' }],
  [39, 'with difficulty: medium', { kind: 'request.mail' }, { priority: 'P4' }],
  [41, 'low D, info R', { kind: 'printer.toner', severity: 'low' }, { becomes: 'digest' }],
  [41, 'low D, info R', { kind: 'printer.toner', severity: 'info' }, { becomes: 'record' }],
]

describe.skipIf(!hasDesign)('the table of kinds', () => {
  it('has the rows that are held here', () => expect(rows.map(([at]) => Number(at))).toEqual(Array.from({ length: 41 }, (_, at) => at + 1)))

  it.each(cases)('$name', (each) => expect(decided(each)).toMatchObject(each.expected))

  it.each(clauses)('row %i: %s', (row, words, { severity = 'medium', role = 'workstation', facts = {}, kind }, expected) => {
    expect(rows[row - 1]?.[2]).toContain(words)
    expect(decided({ kind, severity, facts, role })).toMatchObject(expected)
  })
})
