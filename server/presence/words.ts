import type { GoodbyeReason } from '#shared/domain/endpoint.ts'
import type { OwnTrouble } from '../ingest/rows.ts'
import type { Machine, Site } from './decide.ts'
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

export const siteSilent = (site: Site, { machines, there }: Fall): OwnTrouble => ({
  ...{ ...ofSite(site), state: 'raised', summary: `The whole site ${site.name} fell silent: ${machines.length} of ${there} machines` },
  facts: { site: site.name, siteId: site.id, silent: machines.length, there, machines: namesOf(machines) },
})

export const siteBack = (site: Site, stillSilent: number): OwnTrouble => ({
  ...{ ...ofSite(site), state: 'cleared', summary: `The site ${site.name} is back` },
  facts: { site: site.name, siteId: site.id, stillSilent },
})

const ofMachine = ({ organisationId, endpointId, role }: Machine) => ({
  ...{ organisationId, endpointId, kind: 'presence.silent', fingerprint: 'presence.silent' },
  severity: role === 'workstation' ? ('info' as const) : ('high' as const),
})

const ofSite = ({ organisationId, id }: Site) => ({
  ...{ organisationId, endpointId: null, kind: 'presence.site-silent', fingerprint: `presence.site-silent:${id}` },
  severity: 'critical' as const,
})

const maxNames = 20

function namesOf(machines: readonly Machine[]): string {
  const names = machines.slice(0, maxNames).map(({ hostname }) => hostname)
  return [...names, ...(machines.length > maxNames ? [`and ${machines.length - maxNames} more`] : [])].join(', ')
}
