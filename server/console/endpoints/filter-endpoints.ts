import type { EndpointSummary } from '#shared/api/endpoints.ts'
import { stateName } from '../words/words.ts'
import { whereabouts } from './whereabouts.ts'

/** Those in which every word of `text` stands somewhere: host, organisation, site, platform, role, version, isolation, where it is. */
export function filterEndpoints(endpoints: readonly EndpointSummary[], text: string, now: number): EndpointSummary[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return endpoints.filter((endpoint) => {
    const { hostname, organisation, site, platform, role, agentVersion, isolation } = endpoint
    const haystack =
      `${hostname} ${organisation.name} ${site?.name ?? ''} ${platform} ${role} ${agentVersion ?? ''} ${isolation.actual} ${stateName[isolation.state]} ${isolation.notReady === null ? '' : `not ready: ${isolation.notReady}`} ${whereabouts(endpoint, now).word}`.toLowerCase()
    return words.every((word) => haystack.includes(word))
  })
}
