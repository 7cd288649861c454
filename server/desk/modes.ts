import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, hours, type Time } from '#shared/domain/time.ts'
import { decideContainment, isLate, type LoneIsolation } from '../command/contain.ts'
import { raiseWithin } from '../ingest/handled.ts'
import { changeOrganisation, type OrganisationChange, observedUntold } from '../people/organisations.ts'
import { caseOf, type Subject } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { loadSubjects, loadTickets } from '../pipeline/load.ts'
import { columnsOfSignal, type SignalRow, troubleOf } from '../pipeline/world.ts'
import { prioritise } from '../prioritise/prioritise.ts'
import { match } from '../route/match.ts'
import { route } from '../route/route.ts'
import type { Database } from '../store/schema.ts'
import type { Store, Within } from '../store/store.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'

/*
 * Observe and live. Enters: an organisation, and what was recorded of it. Leaves: what would have called people and cut
 * machines off, had it been live: by the functions that would have done it; and its mode, changed.
 * Promises: nobody goes live by themselves: when the days of observing are over, a ticket asks somebody to look.
 */

export interface Modes {
  /** undefined: there is no such organisation. */
  preview(organisationId: string): Promise<Preview | undefined>
  /** @param within what stands or falls with it. */
  change(organisationId: string, change: OrganisationChange, within?: Within): Promise<void>
  stop(): Promise<void>
}

/** One ticket that would have been something else, had the organisation been live. */
export interface WouldHave {
  ticket: Pick<TicketsTable, 'id' | 'number' | 'kind' | 'title' | 'priority' | 'team' | 'opened_at'>
  hostname: string | null
  /** People called at any hour, who were not. */
  isPaging: boolean
  /** `auto`: at once; `unanswered`: if nobody had answered in time. */
  isolates: 'auto' | 'unanswered' | null
}
export interface Preview {
  since: number
  tickets: number
  would: WouldHave[]
  /** There were more signals than were looked at. */
  isPartial: boolean
}

export interface ModesOptions {
  store: Store
  rules: Rules
  time: Time
  log: Logger
  onRaised(): void
}

const lookEveryMs = hours(1)
/** The newest of so many days are enough to decide by. */
const maxSignals = 10_000

export function openModes({ store, rules, time, log, onRaised }: ModesOptions): Modes {
  let cancel: Cancel = () => undefined
  let looking: Promise<void> = Promise.resolve()
  const look = (): void => {
    looking = tellObserved(store, rules, time.now())
      .then((isTold) => (isTold ? onRaised() : undefined))
      .catch((error: unknown) => log.error({ reason: sentenceOf(error) }, 'whose days of observing are over could not be read'))
    cancel = time.after(lookEveryMs, look)
  }
  cancel = time.after(0, look)
  return {
    preview: (organisationId) => previewOf(store.reader, rules, organisationId),
    change: (organisationId, change, within) =>
      store.db.transaction().execute(async (tx) => {
        await changeOrganisation(tx, organisationId, change, time.now())
        await within?.(tx)
      }),
    stop() {
      cancel()
      return looking
    },
  }
}

/** Once an organisation. @returns whether there was any. */
async function tellObserved(store: Store, { matrix }: Rules, now: number): Promise<boolean> {
  return store.db.transaction().execute(async (tx) => {
    const over = await observedUntold(tx, now - matrix.onboarding.observes, now)
    for (const { id, name } of over) {
      const about = { organisationId: id, endpointId: null, kind: 'system.mode.observed', severity: 'low' as const, facts: {} }
      const summary = `The first days of ${name} are over: look at what would have happened, and let it go live`
      await raiseWithin(tx, { ...about, fingerprint: 'system.mode.observed', summary }, now)
    }
    return over.length > 0
  })
}

type Reader = Kysely<Database>

async function previewOf(reader: Reader, rules: Rules, organisationId: string): Promise<Preview | undefined> {
  const organisation = await reader.selectFrom('organisations').selectAll().where('id', '=', organisationId).executeTakeFirst()
  if (!organisation) return undefined
  const since = organisation.mode_since ?? organisation.created_at
  const signals = await reader
    .selectFrom('signals')
    .select([...columnsOfSignal, 'ticket_id'])
    .where('organisation_id', '=', organisationId)
    .where('outcome', '=', 'ticket')
    .where('received_at', '>=', since)
    .orderBy('arrival', 'desc')
    .limit(maxSignals + 1)
    .execute()
  const looked = signals.slice(0, maxSignals).reverse()
  const ids = [...new Set(looked.flatMap(({ ticket_id }) => ticket_id ?? []))]
  const [subjects, tickets] = await Promise.all([loadSubjects(reader, looked), loadTickets(reader, ids)])
  const would = wouldHave(looked, new Map(tickets.map((ticket) => [ticket.id, ticket])), subjects.of, rules)
  return { since, tickets: ids.length, would, isPartial: signals.length > maxSignals }
}

/** Signal by signal in their order, as the pipeline would have met them (pure). */
function wouldHave(
  signals: readonly (SignalRow & { ticket_id: string | null })[],
  tickets: ReadonlyMap<string, TicketsTable>,
  subjectOf: (signal: SignalRow) => Subject | undefined,
  rules: Rules,
): WouldHave[] {
  const found = new Map<string, WouldHave>()
  const lately: LoneIsolation[] = []
  for (const signal of signals) {
    const ticket = tickets.get(signal.ticket_id ?? '')
    const subject = subjectOf(signal)
    if (!ticket || !subject) continue
    const before = found.get(ticket.id)
    const { isPaging, isolates } = actOf(signal, ticket, subject, before?.isolates ?? null, lately, rules)
    const known = before ?? { ticket, hostname: subject.endpoint?.hostname ?? null, isPaging: false, isolates: null }
    found.set(ticket.id, { ...known, isPaging: known.isPaging || isPaging, isolates: known.isolates === 'auto' ? 'auto' : isolates })
  }
  return [...found.values()].filter(({ isPaging, isolates }) => isPaging || isolates !== null)
}

function actOf(
  signal: SignalRow,
  ticket: TicketsTable,
  observed: Subject,
  before: WouldHave['isolates'],
  lately: LoneIsolation[],
  { matrix, routesFor, circumstancesOf }: Rules,
): Pick<WouldHave, 'isPaging' | 'isolates'> {
  const at = signal.received_at
  const isOpen = { desired: 'open', actual: 'open', isOnItsWay: false } as const
  const subject: Subject = { ...observed, organisation: { ...observed.organisation, mode: 'live', stoppedUntil: null }, isolation: isOpen }
  const trouble = troubleOf(signal, matrix)
  const rule = match(routesFor(trouble.kind), trouble, subject)
  const { priority } = prioritise(matrix, rule, trouble, subject, circumstancesOf(subject, at))
  const decision = route(matrix, rule, priority, trouble, subject)
  const wasPaging = route(matrix, rule, priority, trouble, observed).isPaging
  const isPaging = decision.isPaging && !wasPaging
  if (before === 'auto') return { isPaging, isolates: before }
  const work = caseOf({ ...ticket, containment: 'none' }, subject, [])
  const { contain, route: name } = decision
  // Whether its detector is disarmed is of these days; going live is for longer.
  const question = { contain, route: name, isNews: true, isLate: isLate(trouble, matrix), isDisarmed: false, lately }
  const changes = decideContainment(work, question, matrix, at)
  if (changes.orders?.some(({ verb }) => verb === 'isolate-host')) {
    const { endpoint, site, organisation } = subject
    lately.push({ endpointId: endpoint?.id ?? '', siteId: site?.id ?? null, organisationId: organisation.id, at })
    return { isPaging, isolates: 'auto' }
  }
  return { isPaging, isolates: (changes.plan ?? []).some(({ kind }) => kind === 'ask-due') ? 'unanswered' : before }
}
