import type { SilencesTable } from '../store/tables/presence.ts'
import { emptyJudgement, type Judgement, type Machine, type Sight } from './judgement.ts'
import type { SilenceLimits } from './limits.ts'
import { machineBack, machineSilent } from './words.ts'

/** It was removed: what was said of it is taken back, and nothing is said of it again. */
export function letGo(machine: Machine, now: number): Judgement {
  const signals = machine.said?.said === 'silent' ? [machineBack(machine)] : []
  return { ...emptyJudgement(), signals, said: [saidOf(machine, 'removed', now, null)] }
}

/** It is there: what was said of it is taken back. */
export function takeBack(machine: Machine): Judgement {
  if (machine.said === null) return emptyJudgement()
  const signals = machine.said.said === 'silent' ? [machineBack(machine)] : []
  return { ...emptyJudgement(), signals, returned: [machine.endpointId] }
}

/** It is away, and its place is not silent, or it has none. */
export function judgeAlone(machine: Machine, sight: Sight, limits: SilenceLimits, now: number): Judgement {
  if (!isCounted(machine) || now < dueAt(machine, sight, limits, now)) return emptyJudgement()
  return { ...emptyJudgement(), said: [saidOf(machine, 'silent', now, null)], signals: [machineSilent(machine, now)] }
}

/** Nothing is said of it, or nothing since its place came back. */
export const isCounted = ({ said }: Machine): boolean => said === null || said.said === 'excused'

/** `stop` announces nothing: an agent that somebody stopped doesn't come back by itself, and the machine should be there. */
export const isAnnounced = ({ goodbye }: Pick<Machine, 'goodbye'>): boolean => goodbye !== null && goodbye !== 'stop'

/** From which instant on it is silent, as long as nothing is heard of it. */
export function dueAt({ role, goodbye, lastHeardAt, said }: Machine, { since }: Sight, limits: SilenceLimits, now: number): number {
  const chanceMs = limits.unannouncedMs[role === 'unknown' ? 'server' : role]
  const limitMs = {
    reboot: limits.rebootMs,
    update: limits.rebootMs,
    shutdown: limits.shutdownMs,
    sleep: limits.shutdownMs,
    stop: chanceMs,
  }
  // Heard of later than now: somebody set our clock back, and only what we saw since counts.
  const heardAt = lastHeardAt > now ? since : lastHeardAt
  return Math.max(heardAt + (goodbye === null ? chanceMs : limitMs[goodbye]), since + chanceMs, (said?.said_at ?? 0) + chanceMs)
}

export const saidOf = ({ endpointId }: Machine, said: SilencesTable['said'], said_at: number, site_id: string | null): SilencesTable => ({
  ...{ endpoint_id: endpointId, said, said_at, site_id },
})
