import type { GoodbyeReason } from '#shared/domain/endpoint.ts'
import type { OwnTrouble } from '../ingest/rows.ts'
import type { Machine, Place } from './judgement.ts'
import type { Fall } from './site-fall.ts'

/** The signals of presence, as they enter the pipeline. */

const announced: Record<GoodbyeReason, string> = {
  reboot: 'did not come back from the reboot that it announced',
  update: 'did not come back from the update that it announced',
  shutdown: 'did not come back since it was shut down',
  sleep: 'did not wake since it fell asleep',
  stop: 'is silent since its agent was stopped',
}

export function machineSilent(machine: Machine, now: number): OwnTrouble {
  const { goodbye, lastHeardAt, hostname } = machine
  const silentForMinutes = Math.max(0, Math.round((now - lastHeardAt) / 60_000))
  const what = goodbye === null ? 'went silent without a word' : announced[goodbye]
  return { ...ofMachine(machine), state: 'raised', summary: `${hostname} ${what}`, facts: { goodbye: goodbye ?? 'none', silentForMinutes } }
}

export const machineBack = (machine: Machine): OwnTrouble => ({
  ...{ ...ofMachine(machine), state: 'cleared', summary: `${machine.hostname} is not missing any more`, facts: {} },
})

export const placeSilent = (place: Place, { machines, there }: Fall): OwnTrouble => ({
  ...{ ...silenceOf(place), state: 'raised', summary: `The whole ${called(place)} fell silent: ${machines.length} of ${there} machines` },
  facts: { ...factsOf(place), silent: machines.length, there, machines: namesOf(machines) },
})

export const placeBack = (place: Place, stillSilent: number): OwnTrouble => ({
  ...{ ...silenceOf(place), state: 'cleared', summary: `The ${called(place)} is back` },
  facts: { ...factsOf(place), stillSilent },
})

/** The field order: an order to go there, with the place. */
export function visitWanted(place: Place, { machines, said_at }: { machines: number; said_at: number }, now: number): OwnTrouble {
  const silentForMinutes = Math.round((now - said_at) / 60_000)
  const summary = `Somebody has to go there: the ${called(place)} has been silent for ${silentForMinutes} minutes, ${machines} machines`
  return { ...visitOf(place), state: 'raised', summary, facts: { ...factsOf(place), silentForMinutes, silent: machines } }
}

export const visitDone = (place: Place): OwnTrouble => ({
  ...{
    ...visitOf(place),
    state: 'cleared',
    summary: `Nobody has to go there any more: the ${called(place)} is back`,
    facts: factsOf(place),
  },
})

/** A line of the monthly list. */
export function machineMissing(
  machine: Pick<Machine, 'organisationId' | 'endpointId' | 'hostname' | 'lastHeardAt'>,
  now: number,
): OwnTrouble {
  const { organisationId, endpointId, hostname, lastHeardAt } = machine
  const missingForDays = Math.floor((now - lastHeardAt) / 86_400_000)
  return {
    ...{ organisationId, endpointId, kind: 'presence.missing', fingerprint: 'presence.missing', severity: 'low', state: 'happened' },
    ...{ summary: `${hostname} has not been heard of for ${missingForDays} days`, facts: { missingForDays } },
  }
}

const ofMachine = ({ organisationId, endpointId, role }: Machine) => ({
  ...{ organisationId, endpointId, kind: 'presence.silent', fingerprint: 'presence.silent' },
  severity: role === 'workstation' ? ('info' as const) : ('high' as const),
})

const silenceOf = ({ organisationId, id }: Place) => ({
  ...{ organisationId, endpointId: null, kind: 'presence.site-silent', fingerprint: `presence.site-silent:${id}` },
  severity: 'critical' as const,
})

const visitOf = ({ organisationId, id }: Place) => ({
  ...{ organisationId, endpointId: null, kind: 'presence.site-visit', fingerprint: `presence.site-visit:${id}` },
  severity: 'critical' as const,
})

const called = ({ name, isSite }: Place): string => `${isSite ? 'site' : 'organisation'} ${name}`

const factsOf = ({ id, name, isSite }: Place) => (isSite ? { site: name, siteId: id } : { organisation: name })

const maxNames = 20

function namesOf(machines: readonly Machine[]): string {
  const names = machines.slice(0, maxNames).map(({ hostname }) => hostname)
  return [...names, ...(machines.length > maxNames ? [`and ${machines.length - maxNames} more`] : [])].join(', ')
}
