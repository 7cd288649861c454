import { z } from 'zod'

/** An address of a machine with the hardware that should answer there: private addresses are the same at every customer. */
export const NeighbourPlace = z.object({ address: z.string().max(45), mac: z.string().max(40) })
export type NeighbourPlace = z.infer<typeof NeighbourPlace>

/** More a machine has of networks inside itself, where nobody else reaches it. */
const mostPlaces = 16

/** A link's own addresses need a device named beside them; a machine's own are nobody else's. */
const isSayable = (address: string): boolean => !/^(fe80|127\.|::1$)/i.test(address)

/** A machine may say anything of itself; what is no place is left out, so that it stops nobody else. */
export function placesOf(interfaces: readonly { mac: string; addresses: readonly string[] }[]): NeighbourPlace[] {
  const said = interfaces.flatMap(({ mac, addresses }) =>
    addresses.filter(isSayable).map((address) => ({ address, mac: mac.slice(0, 40) })),
  )
  return said.flatMap((place) => NeighbourPlace.safeParse(place).data ?? []).slice(0, mostPlaces)
}

/**
 * What another agent of the site found. `unreached`: a probe that had been answered before isn't any more; `no-baseline`: no answer,
 * and none before either, which shows nothing; `no-neighbour`: it has no place of that machine in its own network; `unable`: it could
 * not ask, or did not answer.
 */
export const NeighbourFound = z.enum(['unreached', 'reached', 'no-baseline', 'no-neighbour', 'unable'])
export type NeighbourFound = z.infer<typeof NeighbourFound>

/** Whom the collector asked about an isolated machine, and what they said; `said` and `at` are null until they did. */
export const NeighboursView = z.object({
  askedAt: z.number().int(),
  asked: z.array(z.object({ endpointId: z.string(), name: z.string(), said: NeighbourFound.nullable(), at: z.number().int().nullable() })),
})
export type NeighboursView = z.infer<typeof NeighboursView>

/** One that reaches it refutes any number that don't; one that no longer does is enough. */
export function confirmationOf({ asked }: NeighboursView): 'reached' | 'confirmed' | 'asked' | 'not-confirmed' {
  const says = (found: NeighbourFound | null): boolean => asked.some(({ said }) => said === found)
  if (says('reached')) return 'reached'
  if (says('unreached')) return 'confirmed'
  return says(null) ? 'asked' : 'not-confirmed'
}
