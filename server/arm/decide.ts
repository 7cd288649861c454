import { mayBeArmed } from '#shared/domain/watched-rules.ts'
import type { Matrix } from '../route/matrix.ts'

/** What is known of a rule, over the days that count. */
export interface Standing {
  /** On which it was watched on enough machines, or on all. */
  days: number
  /** On its last day. */
  endpoints: number
  ofEndpoints: number
  endpointDays: number
  hits: number
  /** Over the days that count, and of those the ones of the time in which some disarm. */
  falseAlarms: number
  falseAlarmsLately: number
}

/** Why a rule is armed, or what it lacks; the first of them counts. */
export type Reason = 'status' | 'false-alarms' | 'hits' | 'days' | 'record'

export interface Verdict {
  isArmed: boolean
  reason: Reason
}

type Limits = Pick<Matrix, 'sigmaRules' | 'falseAlarms'>

/**
 * Whether a rule speaks its own level (pure). Only false alarms, which a person has named, disarm one that is armed: if hits did, an attack
 * that fits it everywhere would quieten it.
 */
export function decide(status: string, standing: Standing, wasArmed: boolean, { sigmaRules, falseAlarms }: Limits): Verdict {
  const { days, hits, endpointDays, falseAlarms: counted, falseAlarmsLately } = standing
  const isNot = (reason: Reason): Verdict => ({ isArmed: false, reason })
  if (!mayBeArmed(status)) return isNot('status')
  if (wasArmed) return falseAlarmsLately >= falseAlarms.disarm ? isNot('false-alarms') : { isArmed: true, reason: 'record' }
  if (counted > 0) return isNot('false-alarms')
  if (hits * sigmaRules.endpointDaysPerHit > endpointDays) return isNot('hits')
  return days < sigmaRules.days ? isNot('days') : { isArmed: true, reason: 'record' }
}
