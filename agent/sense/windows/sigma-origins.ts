import type { LogSource, Origin } from '#shared/sigma/logsource.ts'
import { categoriesOf, channelsOf, windowsServices } from '#shared/sigma/windows.ts'
import type { WindowsEvents } from './events.ts'

/** The channels that rules are written for, by the services they name. */
export const channelsFor = (sources: readonly LogSource[]): string[] => [
  ...new Set(
    sources.filter(({ product }) => product === 'windows').flatMap(({ service }) => (service === undefined ? [] : channelsOf(service))),
  ),
]

/** Where events come from on this machine: of each service that has a channel here. */
export function windowsOrigins(events: Pick<WindowsEvents, 'isSeen'>): Origin[] {
  const seen = [...windowsServices].filter((service) => channelsOf(service).some((channel) => events.isSeen(channel)))
  return seen.map((service) => ({ product: 'windows', categories: categoriesOf(service), services: [service] }))
}
