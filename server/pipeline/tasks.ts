import { randomUUIDv7 } from 'node:crypto'
import { isOpen } from '#shared/domain/ticket.ts'
import { type Acting, resolve } from '../desk/acts.ts'
import { endClocks, startClocks } from '../escalate/escalate.ts'
import { mayFollow, play } from '../play/play.ts'
import type { Ended, Follows, Task, TaskName } from '../play/playbook.ts'
import { decidePriority, prioritise } from '../prioritise/prioritise.ts'
import { match } from '../route/match.ts'
import { decideRoute, route } from '../route/route.ts'
import type { Tx } from '../store/store.ts'
import { nextTicketNumber } from '../ticket/numbers.ts'
import { draftTicket, opened } from '../ticket/ticket.ts'
import { apply, caseOf, type TicketCase, type Trouble } from './changes.ts'
import type { Rules } from './keep.ts'
import { loadCases } from './load.ts'

/** Tickets that follow from others: what playbooks open and end, and what stands in the way of a release. */
export async function tasksOf(tx: Tx, rules: Rules, changed: readonly TicketCase[], now: number): Promise<TicketCase[]> {
  const parents = changed.filter(mayFollow)
  if (parents.every((work) => isNothing(play(work, playbookOf(rules, work))))) return []
  const ids = parents.map(({ ticket }) => ticket.id)
  const [known, sites, number] = await Promise.all([openTasks(tx, 'follows_id', ids), siteNames(tx, parents), nextTicketNumber(tx)])
  return followUps(parents, { known, sites, number, idOf: () => randomUUIDv7() }, rules, now)
}

const isNothing = ({ opens, ends }: Follows): boolean => opens.length + ends.length === 0

/** What following is decided on. */
interface Around {
  /** Tasks of these tickets that nobody has ended. */
  known: readonly TicketCase[]
  sites: ReadonlyMap<string, string>
  /** Of the first ticket that opens. */
  number: number
  idOf(parentId: string, task: TaskName): string
}

/** What follows from these tickets as they stand (pure). */
export function followUps(parents: readonly TicketCase[], { known, sites, number, idOf }: Around, rules: Rules, now: number): TicketCase[] {
  const kept: TicketCase[] = []
  let next = number
  for (const work of parents.filter(mayFollow)) {
    const { opens, ends } = play(work, playbookOf(rules, work))
    const own = known.filter(({ ticket }) => ticket.follows_id === work.ticket.id)
    kept.push(...own.flatMap((task) => ends.filter((end) => end.task === task.ticket.task).map((end) => endTask(task, end, now))))
    for (const task of opens) {
      if ([...own, ...kept].some(({ ticket }) => ticket.follows_id === work.ticket.id && ticket.task === task.task)) continue
      const id = idOf(work.ticket.id, task.task)
      kept.push(openTask(work, task, whereIs(work, sites), { id, number: next }, rules, now))
      next += 1
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
function endTask(task: TicketCase, { resolution, note }: Ended, now: number): TicketCase {
  const ended = { status: 'resolved' as const, resolution, resolved_at: now, touched_at: now }
  const closed = apply(task, { ticket: ended, entries: [{ kind: 'resolved', actor: 'system', body: { resolution, note } }] }, now)
  return apply(closed, endClocks(closed, 'system', now), now)
}

/** The matrix decides who has it, like of anything else. */
function openTask(
  parent: TicketCase,
  task: Task,
  site: string,
  named: { id: string; number: number },
  rules: Rules,
  now: number,
): TicketCase {
  const { matrix, routesFor, circumstancesOf, owedOf, planOf } = rules
  const { requester: _, ...subject } = parent.subject
  const about = troubleOf(parent, task, site)
  const rule = match(routesFor(about.kind), about, subject)
  const found = prioritise(matrix, rule, about, subject, circumstancesOf(subject, now))
  const ticket = draftTicket(about, subject, { ...named, sourceId: null }, now)
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

async function siteNames(tx: Tx, parents: readonly TicketCase[]): Promise<Map<string, string>> {
  const ids = [...new Set(parents.flatMap(({ subject }) => subject.site?.id ?? []))]
  if (ids.length === 0) return new Map()
  const rows = await tx.selectFrom('sites').select(['id', 'name']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}

const whereIs = ({ subject: { site, organisation } }: TicketCase, sites: ReadonlyMap<string, string>): string =>
  site ? `${organisation.name}, ${sites.get(site.id) ?? 'an unknown site'}` : organisation.name

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
  acting: Acting,
): Promise<Gate> {
  const isRestore = ({ ticket }: TicketCase): boolean => ticket.task === 'restore'
  const tasks = (await openTasks(tx, 'endpoint_id', [endpointId])).filter(isRestore)
  if (tasks.length === 0) return { kind: 'free', ended: [] }
  const why = withoutRestore.trim()
  if (why === '' && !isFalseAlarm) return { kind: 'refused', reason: notRestored(tasks.map(({ ticket }) => ticket.number)) }
  const end = { resolution: isFalseAlarm ? ('false-alarm' as const) : ('wont-fix' as const), note: why }
  const ended = tasks.map((task) => resolve(task, end, acting))
  return { kind: 'free', ended: ended.flatMap((task) => (task.kind === 'work' ? task.work : [])) }
}

const notRestored = (numbers: readonly number[]): string =>
  `It is not restored yet (${numbers.map((number) => `#${number}`).join(', ')}): finish that, or say why it may come back as it is.`

/** Which of these machines wait to be restored, with what a release of each is told: one question, however many they are. */
export async function notRestoredOf(tx: Tx, endpointIds: readonly string[]): Promise<Map<string, string>> {
  if (endpointIds.length === 0) return new Map()
  const tasks = tx.selectFrom('tickets').select(['endpoint_id', 'number', 'status']).where('task', '=', 'restore')
  const rows = await tasks.where('endpoint_id', 'in', endpointIds).orderBy('number').execute()
  const open = rows.filter(({ status }) => isOpen(status))
  const byMachine = Map.groupBy(open, ({ endpoint_id }) => endpoint_id ?? '')
  return new Map([...byMachine].map(([id, own]) => [id, notRestored(own.map(({ number }) => number))]))
}
