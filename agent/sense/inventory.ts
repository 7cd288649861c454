import type { IsolationReadiness } from '#shared/domain/endpoint.ts'
import type { Inventory } from '#shared/domain/inventory.ts'
import type { SealedRelease } from '#shared/domain/release-code.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Probe } from '../host/probe.ts'
import type { Spool } from '../spool/spool.ts'
import type { Visitors } from './network/visitors.ts'

/** What the agent says about itself; readiness may change while it runs. */
export interface AboutAgent {
  version: string
  runtime: string
  isolation(): IsolationReadiness
  /** The number of the policy in force; 0: what ships. */
  policy?(): number
  /** Sealed copies of the release secret, where there are any. */
  release?(): SealedRelease | undefined
}

export interface Stocktaking {
  /** Looks, and spools the inventory if it is the first or another than before. Answers it. */
  look(canaries: string[]): Promise<Inventory>
}

export function createStocktaking(
  probe: Probe,
  time: Time,
  spool: Pick<Spool, 'append'>,
  about: AboutAgent,
  visitors?: Visitors,
): Stocktaking {
  let last: string | undefined
  return {
    async look(canaries) {
      const machine = await probe.inventory()
      const release = about.release?.()
      const agent = {
        version: about.version,
        runtime: about.runtime,
        isolation: about.isolation(),
        canaries: canaries.slice(0, 100),
        policy: about.policy?.() ?? 0,
        ...(release && { release }),
      }
      const role = visitors?.judge(machine.role, time.now()) ?? machine.role
      const inventory: Inventory = { ...machine, role, agent }
      // Neighbours come and go all day; they are told with the next thing that changed.
      const text = canonical({ ...inventory, neighbours: undefined })
      if (text !== last) await spool.append('inventory', { v: 1, type: 'inventory', at: Math.floor(time.now()), inventory })
      last = text
      return inventory
    },
  }
}

/** The same facts give the same text, whatever order their fields came in. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
