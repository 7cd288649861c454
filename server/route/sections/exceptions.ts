import { z } from 'zod'
import { Duration } from './words.ts'

const share = z.number().int().min(1).max(10_000)

/** "This is noise": for how long unless somebody says so, how long at most, and how far back it is tried. */
export const Exceptions = z
  .strictObject({ lasts: Duration, longest: Duration, triedOver: Duration })
  .prefault({ lasts: '90d', longest: '365d', triedOver: '30d' })

/** So many within this time disarm a detector. The program that one was about is excepted on its machine for `exceptsProgram`. */
export const FalseAlarms = z
  .strictObject({ disarm: z.number().int().min(1).max(1_000), within: Duration, exceptsProgram: Duration })
  .prefault({ disarm: 3, within: '7d', exceptsProgram: '30d' })

/**
 * A Sigma rule speaks its own level once it was watched on so many days on so many endpoints, or on all of them, and fitted at most once in
 * so many endpoint-days; days further back than `over` don't count.
 */
export const SigmaRules = z
  .strictObject({
    days: z.number().int().min(1).max(365),
    endpoints: z.number().int().min(1).max(1_000_000),
    endpointDaysPerHit: z.number().int().min(1).max(1_000_000),
    over: Duration,
  })
  .prefault({ days: 7, endpoints: 50, endpointDaysPerHit: 500, over: '30d' })

/** What the noise meter aims at: at most one a week or a month for so many machines, and so many per cent. */
export const NoiseMeter = z
  .strictObject({
    workstationsPerTicketAWeek: share,
    serversPerTicketAWeek: share,
    endpointsPerPageAMonth: share,
    falseAlarmPercent: z.number().min(0).max(100),
  })
  .prefault({ workstationsPerTicketAWeek: 20, serversPerTicketAWeek: 4, endpointsPerPageAMonth: 100, falseAlarmPercent: 10 })
