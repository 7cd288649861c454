import type { Tier } from '#shared/domain/tier.ts'
import { hours } from '#shared/domain/time.ts'
import type { Request } from '../desk/requests.ts'
import type { Weekday } from '../people/roster.ts'
import type { Subject } from '../pipeline/changes.ts'
import type { SignalRow } from '../pipeline/world.ts'
import { createFleet, type Fleet } from './fleet.ts'
import type { Load, Sort, Storm } from './load.ts'
import { exponential, isTrue, type Random, seeded, streamOf, weighed } from './random.ts'

/** Something that comes to the desk, and what only the simulator knows of it. */
export interface Arrival {
  at: number
  subject: Subject
  what: { kind: 'signal'; signal: SignalRow } | { kind: 'request'; request: Request }
  /** Whom it takes; undefined: whoever has it. */
  needs: Tier | undefined
  /** How long the customer lets wait for an answer; null: nobody asks them. */
  waitsMs: number | null
  /** After so long it clears by itself; null: never. */
  clearsAfterMs: number | null
  /** The same trouble never comes again. */
  isOnce: boolean
  /** How long people work on it. */
  random: Random
}

/** Everything that comes until `until`, in its order: a Poisson process whose rate the hour and the day decide, and the storms. */
export function* arrivalsOf(load: Load, seed: number, from: number, until: number): Generator<Arrival> {
  const fleet = createFleet(load)
  let count = 0
  const calm = calmOf(load, seed, from, until)
  const storms = load.storms.flatMap((storm, index) => alertsOf(storm, load, fleet, -index - 1, seed)).sort((a, b) => a.at - b.at)
  let next = 0
  for (const at of calm) {
    for (let alert = storms[next]; alert && alert.at <= at; alert = storms[next]) {
      yield alert
      next += 1
    }
    count += 1
    yield arrivalOf(load, fleet, at, count, streamOf(seed, count))
  }
  for (const alert of storms.slice(next)) if (alert.at < until) yield alert
}

const weekdays: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** Within an hour the rate stands still, and chance has no memory: what would come after its end is drawn anew there. */
function* calmOf({ arrivals, timeZone }: Load, seed: number, from: number, until: number): Generator<number> {
  const random = seeded(seed)
  const weightOfDay = arrivals.byHour.reduce((sum, weight) => sum + weight, 0)
  let hour = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone)
  for (let begins = from; begins < until; begins += hours(1), hour = hour.add({ hours: 1 })) {
    const weight = (arrivals.byHour[hour.hour] ?? 0) / weightOfDay
    const perHour = arrivals.perDay * arrivals.byDay[weekdays[hour.dayOfWeek - 1] ?? 'mon'] * weight
    if (perHour <= 0) continue
    const ends = Math.min(begins + hours(1), until)
    const gap = (): number => exponential(random, hours(1) / perHour)
    for (let at = begins + gap(); at < ends; at += gap()) yield Math.floor(at)
  }
}

function arrivalOf(load: Load, fleet: Fleet, at: number, count: number, random: Random): Arrival {
  const sort = weighed(random, load.mix, ({ share }) => share)
  if (!sort) throw new RangeError('a load without a mix was not checked')
  const { kind, severity, urgency, summary, facts } = sort
  const subject = fleet.machine(sort.role, random)
  const needs = tierOf(sort, random)
  const draw = (chance: Sort['waits']): number | null => (chance && isTrue(random, chance.share) ? exponential(random, chance.mean) : null)
  const hidden = { needs, waitsMs: draw(sort.waits), clearsAfterMs: draw(sort.clears), isOnce: true, random }
  if (sort.from === 'agent') {
    const signal = signalOf(subject, { kind, severity, summary, facts, fingerprint: `${kind}:${count}` }, `signal-${count}`, at)
    return { at, subject, what: { kind: 'signal', signal }, ...hidden }
  }
  const request = { title: summary, text: '', urgency, person: { id: 'requester' } }
  return { at, subject, what: { kind: 'request', request }, ...hidden, clearsAfterMs: null }
}

const tierOf = ({ needs }: Sort, random: Random): Tier | undefined =>
  weighed(random, Object.entries(needs) as [Tier, number][], ([, weight]) => weight)?.[0]

/** @param number below zero: the streams of what comes one by one have the others. */
function alertsOf(storm: Storm, load: Load, fleet: Fleet, number: number, seed: number): Arrival[] {
  const begins = Temporal.PlainDateTime.from(storm.at).toZonedDateTime(load.timeZone).epochMilliseconds
  const { kind, severity, summary, facts } = storm
  const machines = fleet.some(storm.organisations, storm.machines)
  return Array.from({ length: storm.alerts }, (_, index): Arrival => {
    const random = streamOf(seed + number, -index - 2)
    const at = begins + Math.floor(random.next() * storm.within)
    const subject = machines[Math.floor(random.next() * machines.length)] ?? fleet.machine('workstation', random)
    const signal = signalOf(subject, { kind, severity, summary, facts, fingerprint: kind }, `${storm.at}-${index}`, at)
    return { at, subject, what: { kind: 'signal', signal }, needs: undefined, waitsMs: null, clearsAfterMs: null, isOnce: false, random }
  })
}

function signalOf(
  { organisation, endpoint }: Subject,
  { facts, ...said }: Pick<Sort, 'kind' | 'severity' | 'summary' | 'facts'> & { fingerprint: string },
  id: string,
  at: number,
): SignalRow {
  return {
    ...{ id, organisation_id: organisation.id, endpoint_id: endpoint?.id ?? null, source_id: null, origin: 'sent', state: 'raised' },
    ...{ ...said, facts: JSON.stringify(facts), age_ms: 0, received_at: at, detector: said.kind },
  }
}
