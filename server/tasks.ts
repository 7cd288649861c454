import { randomUUIDv7 } from 'node:crypto'
import { isOpen } from '#shared/domain/ticket.ts'
import { apply, caseOf, type TicketCase, type Trouble } from './changes.ts'
import { endClocks, startClocks } from './escalate/escalate.ts'
import type { Rules } from './keep.ts'
import { loadCases } from './load.ts'
import { mayFollow, play } from './play/play.ts'
import type { Ended, Task } from './play/playbook.ts'
import { decidePriority, prioritise } from './prioritise/prioritise.ts'
import { match } from './route/match.ts'
import { decideRoute, route } from './route/route.ts'
import type { Tx } from './store/store.ts'
import { draftTicket, nextTicketNumber, opened } from './ticket/ticket.ts'

/** Tickets that follow from others: what playbooks open and end, and what stands in the way of a release. */
export async function tasksOf(tx: Tx, rules: Rules, changed: readonly TicketCase[], now: number): Promise<TicketCase[]> {
  const following = changed.filter(mayFollow).map((work) => ({ work, ...play(work, playbookOf(rules, work)) }))
  const acting = following.filter(({ opens, ends }) => opens.length + ends.length > 0)
  if (acting.length === 0) return []
  const known = await openTasks(
    tx,
    'follows_id',
    acting.map(({ work }) => work.ticket.id),
  )
  let number = await nextTicketNumber(tx)
  const kept: TicketCase[] = []
  for (const { work, opens, ends } of acting) {
    const own = known.filter(({ ticket }) => ticket.follows_id === work.ticket.id)
    kept.push(...own.flatMap((task) => ends.filter((end) => end.task === task.ticket.task).map((end) => endTask(task, end, 'system', now))))
    for (const task of opens) {
      if (own.some(({ ticket }) => ticket.task === task.task)) continue
      const made = openTask(work, task, await siteName(tx, work), number, rules, now)
      own.push(made)
      kept.push(made)
      number += 1
    }
  }
  return kept
}

const playbookOf = (rules: Rules, { ticket }: TicketCase): string | undefined =>
  rules.at(ticket.matrix_version).routeNamed(ticket.rule)?.playbook

/** Those that nobody has ended. */
export async function openTasks(tx: Tx, by: 'follows_id' | 'endpoint_id', ids: readonly string[]): Promise<TicketCase[]> {
  if (ids.length === 0) return []
  const found = tx.selectFrom('tickets').selectAll().where('task', 'is not', null).where(by, 'in', ids)
  return loadCases(
    tx,
    (await found.execute()).filter(({ status }) => isOpen(status)),
  )
}

/** Nobody needs it any more. */
export function endTask(task: TicketCase, { resolution, note }: Omit<Ended, 'task'>, actor: string, now: number): TicketCase {
  const ended = { status: 'resolved' as const, resolution, resolved_at: now, touched_at: now }
  const closed = apply(task, { ticket: ended, entries: [{ kind: 'resolved', actor, body: { resolution, note } }] }, now)
  return apply(closed, endClocks(closed, actor, now), now)
}

/** The matrix decides who has it, like of anything else. */
function openTask(parent: TicketCase, task: Task, site: string, number: number, rules: Rules, now: number): TicketCase {
  const { matrix, routesFor, circumstancesOf, owedOf, planOf } = rules
  const { requester: _, ...subject } = parent.subject
  const about = troubleOf(parent, task, site)
  const rule = match(routesFor(about.kind), about, subject)
  const found = prioritise(matrix, rule, about, subject, circumstancesOf(subject, now))
  const ticket = draftTicket(about, subject, { id: randomUUIDv7(), number, sourceId: null }, now)
  const linked = { ...ticket, follows_id: parent.ticket.id, task: task.task }
  const says = { kind: 'commented' as const, actor: task.actor, body: { text: task.text } }
  const entered = apply(apply(caseOf(linked, subject, [], true), opened(about, task.actor), now), { entries: [says] }, now)
  const pressing = apply(entered, decidePriority(entered, found, false), now)
  const routed = apply(
    pressing,
    decideRoute(pressing, route(matrix, rule, found.priority, about, subject), found.reasons, matrix, false, now),
    now,
  )
  return apply(routed, startClocks(routed, owedOf(routed), planOf(routed), now), now)
}

const troubleOf = ({ ticket }: TicketCase, { task, title }: Task, site: string): Trouble => ({
  ...{ signalId: ticket.id, kind: `task.${task}`, severity: 'high', state: 'happened', fingerprint: `task:${task}:${ticket.id}` },
  ...{ summary: task === 'visit' ? `${title}, ${site} (for #${ticket.number})` : `${title} (for #${ticket.number})` },
  ...{ facts: {}, ageMs: 0, happenedAt: null, source: 'collector', urgency: null },
})

async function siteName(tx: Tx, { subject }: TicketCase): Promise<string> {
  if (!subject.site) return subject.organisation.name
  const site = await tx.selectFrom('sites').select('name').where('id', '=', subject.site.id).executeTakeFirst()
  return `${subject.organisation.name}, ${site?.name ?? 'an unknown site'}`
}

/** What a ticket comes from. */
export interface Cause {
  cause: 'network' | 'hardware' | 'software' | 'person' | 'other'
  place?: string | undefined
  part?: string | undefined
  note: string
}
/** What a release says of the task to restore: why the machine may come back without it. */
export interface Override {
  withoutRestore?: string | undefined
  isFalseAlarm?: boolean | undefined
}

export type Gate = { kind: 'free'; ended: TicketCase[] } | { kind: 'refused'; reason: string }

/** A machine comes back restored, or by somebody's word. */
export async function releaseGate(
  tx: Tx,
  endpointId: string,
  { withoutRestore = '', isFalseAlarm = false }: Override,
  personId: string,
  now: number,
): Promise<Gate> {
  const isRestore = ({ ticket }: TicketCase): boolean => ticket.task === 'restore'
  const tasks = (await openTasks(tx, 'endpoint_id', [endpointId])).filter(isRestore)
  if (tasks.length === 0) return { kind: 'free', ended: [] }
  const why = withoutRestore.trim()
  if (why === '' && !isFalseAlarm) {
    const numbers = tasks.map(({ ticket }) => `#${ticket.number}`).join(', ')
    return { kind: 'refused', reason: `It is not restored yet (${numbers}): finish that, or say why it may come back as it is.` }
  }
  const end = isFalseAlarm ? { resolution: 'false-alarm' as const, note: why } : { resolution: 'wont-fix' as const, note: why }
  return { kind: 'free', ended: tasks.map((task) => endTask(task, end, personId, now)) }
}
