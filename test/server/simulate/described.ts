import { seconds } from '#shared/domain/time.ts'
import type { Crew, Effort, Load, Sort } from '../../../server/simulate/load.ts'

const everyDay = { mon: 1, tue: 1, wed: 1, thu: 1, fri: 1, sat: 1, sun: 1 }

export const sortOf = (sort: Partial<Sort> = {}): Sort => ({
  ...{ share: 1, from: 'agent', kind: 'health.disk.full', severity: 'medium', urgency: 'medium', role: 'workstation' },
  ...{ summary: 'It is full', facts: {}, needs: {}, waits: undefined, clears: undefined },
  ...sort,
})

interface Described extends Partial<Omit<Load, 'work' | 'mix' | 'arrivals'>> {
  perDay: number
  mix?: Partial<Sort>[]
  /** Means. */
  work?: Partial<Record<keyof Load['work'], number>>
  byHour?: readonly number[]
}

/** A load in which all hours are alike and people look up at once. */
export function loadWith({ perDay, mix = [{}], work = {}, byHour, ...rest }: Described): Load {
  const efforts = Object.entries(work).map(([tier, mean]): [string, Effort] => [tier, { mean, spread: 'exponential' }])
  return {
    ...{ timeZone: 'Europe/Berlin', startsOn: '2026-11-23', notices: 0, storms: [] },
    fleet: { organisations: 4, workstations: 40, servers: 8, core: 4, plan: 'standard', mode: 'live' },
    arrivals: { perDay, byDay: everyDay, byHour: byHour ?? Array.from({ length: 24 }, () => 1) },
    mix: mix.map(sortOf),
    work: Object.fromEntries(efforts),
    ...rest,
  }
}

/** People who are there day and night. */
export const crewOf = (teams: string | readonly string[], people: number, more: Partial<Crew> = {}): Crew => ({
  ...{ teams: typeof teams === 'string' ? [teams] : teams, people, days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] },
  ...{ from: '00:00', to: '24:00', solves: undefined, onCall: false },
  ...more,
})

export const noticing = seconds(20)
