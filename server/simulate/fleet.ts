import type { Subject } from '../pipeline/changes.ts'
import type { Load, Sort } from './load.ts'
import { oneOf, type Random } from './random.ts'

/** The machines of a described load, spread evenly over its organisations; each organisation has one site. */
export interface Fleet {
  readonly all: readonly Subject[]
  machine(role: Sort['role'], random: Random): Subject
  /** So many machines of the first so many organisations. */
  some(organisations: number, machines: number): readonly Subject[]
}

export function createFleet({ fleet, timeZone }: Load): Fleet {
  const organisations = Array.from({ length: fleet.organisations }, (_, index) => ({
    ...{ id: `organisation-${index + 1}`, name: `Organisation ${index + 1}` },
    ...{ mode: fleet.mode, plan: fleet.plan, timeZone },
  }))
  const machinesOf = (role: Sort['role'], count: number): Subject[] =>
    Array.from({ length: count }, (_, index): Subject => {
      const organisation = organisations[index % organisations.length]
      if (!organisation) throw new RangeError('a fleet without an organisation was not checked')
      const id = `${role}-${index + 1}`
      return {
        ...{ organisation, site: { id: `site-of-${organisation.id}`, timeZone: null }, endpoint: { id, hostname: id, tags: [] } },
        ...{ role, roleSource: 'facts', isolation: null },
      }
    })
  const machines = {
    workstation: machinesOf('workstation', fleet.workstations),
    server: machinesOf('server', fleet.servers),
    core: machinesOf('core', fleet.core),
  }
  const all = [...machines.workstation, ...machines.server, ...machines.core]
  return {
    all,
    machine(role, random) {
      const found = oneOf(random, machines[role]) ?? oneOf(random, all)
      if (!found) throw new RangeError('a fleet without a machine was not checked')
      return found
    },
    some(count, limit) {
      const named = new Set(organisations.slice(0, count).map(({ id }) => id))
      return all.filter(({ organisation }) => named.has(organisation.id)).slice(0, limit)
    },
  }
}
