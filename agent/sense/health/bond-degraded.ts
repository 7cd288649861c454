import { minutes } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * network.link.errors about a bond that lacks one of its links, for five minutes; the community's "Host Network Bond Degraded" asks for
 * two, within which a switch that takes new firmware is away. Low, as with any cable that is changed tomorrow: the other links carry what
 * there is. A bond without a single link is told by no-route and by silence. The kernel's own word is read, and nothing is sent.
 */
const kind = 'network.link.errors'
const folder = '/proc/net/bonding'
const maxBonds = 32

interface Bond {
  name: string
  links: number
  down: string[]
}

export default defineHealth({
  name: 'bond-degraded',
  platforms: ['linux'],
  every: minutes(1),
  runbook: 'Look at the cable and the switch’s port of the link that is down, and whether both ends still form one group (LACP).',
  start: null,
  async read({ vitals }): Promise<Bond[] | Unsupported> {
    const names = (await vitals.names(folder)).slice(0, maxBonds)
    if (names.length === 0) return { unsupported: 'no network links are bonded here' }
    return Promise.all(names.map(async (name) => ({ name, ...linksOf((await vitals.kernel(`${folder}/${name}`)) ?? '') })))
  },
  decide: (state, bonds) => ({
    state,
    findings: bonds
      .filter(({ links, down }) => down.length > 0 && down.length < links)
      .map(({ name, links, down }) => ({
        kind,
        severity: 'low' as const,
        about: name,
        summary: `The bond ${name} runs on ${links - down.length} of ${links} links; ${down.join(', ')} is down`.slice(0, 300),
        facts: { interface: name, links, down },
      })),
  }),
})

/** A first block about the bond, then one for each link: "Slave Interface: eth0", "MII Status: up". */
export function linksOf(text: string): Omit<Bond, 'name'> {
  const links = text.split(/^Slave Interface: /m).slice(1)
  const down = links.filter((link) => !/^MII Status: up$/m.test(link)).map((link) => link.split('\n', 1)[0]?.trim().slice(0, 15) ?? '')
  return { links: links.length, down }
}
