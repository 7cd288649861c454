import { z } from 'zod'
import { Duration, KindPattern } from './words.ts'

const few = z.number().int().min(2).max(100_000)

/** The same kind on so many machines of one site is one ticket. */
const Site = z
  .strictObject({ machines: few, within: Duration, kinds: z.array(KindPattern) })
  .prefault({ machines: 3, within: '5m', kinds: ['presence.*', 'network.*', 'health.service.*', 'security.*'] })

/**
 * The same kind in so many organisations is one ticket of the provider: so many tickets, or this share of all machines, of
 * which there must be a few. It is over after so long with fewer than `calm.below` a minute.
 */
const Storm = z
  .strictObject({
    organisations: few,
    tickets: few,
    /** A machine counts for so many at most: a few of them, however loud, are no storm. */
    perMachine: z.number().int().min(1),
    fleetPercent: z.number().gt(0).max(100),
    fleetAtLeast: few,
    within: Duration,
    calm: z.strictObject({ below: z.number().gt(0), for: Duration }),
    /** What a machine's ticket says to its customer waits so long, lest a storm be told to all of them. */
    customersHearAfter: Duration,
  })
  .prefault({
    ...{ organisations: 3, tickets: 30, perMachine: 3, fleetPercent: 2, fleetAtLeast: 10, within: '10m' },
    ...{ calm: { below: 1, for: '30m' }, customersHearAfter: '1m' },
  })

/**
 * From so many open tickets, or from a few of them and so many signals within a minute, what else a machine says is one
 * ticket, which ends by itself after so much quiet. Security is counted apart.
 */
const Endpoint = z
  .strictObject({ tickets: few, fromTickets: few, signalsPerMinute: few, quiet: Duration })
  .prefault({ tickets: 20, fromTickets: 5, signalsPerMinute: 50, quiet: '1h' })

/** The same of a source that speaks for many machines: another tool, a webhook. */
const Source = z
  .strictObject({ tickets: few, fromTickets: few, signalsPerMinute: few, quiet: Duration })
  .prefault({ tickets: 100, fromTickets: 25, signalsPerMinute: 250, quiet: '1h' })

/** What begins and ends so often within this time closes only after so much quiet. */
const Flapping = z.strictObject({ changes: few, within: Duration, quiet: Duration }).prefault({ changes: 5, within: '1h', quiet: '1h' })

/** The same trouble of a machine so many times, or the same kind on so many machines of an organisation, is a problem. */
const Recurring = z
  .strictObject({ times: few, within: Duration, machines: few, kindWithin: Duration })
  .prefault({ times: 3, within: '30d', machines: 5, kindWithin: '7d' })

/** When many tickets are one. */
export const Gathering = z
  .strictObject({ site: Site, storm: Storm, endpoint: Endpoint, source: Source, flapping: Flapping, recurring: Recurring })
  .prefault({})
