import { z } from 'zod'
import { days } from '#shared/domain/time.ts'
import { isReachable, type Socket } from './sockets.ts'

/** Row 11: what a machine offers is learnt silently for so long. */
export const learnsFor = days(14)
/** Ports above this are given to whoever asks for any: they change with every start. */
const firstEphemeral = 32_768
/** No service opens more, and nobody may use up what is kept of the others. */
const maxPerUser = 100
const maxUsers = 50

export const KnownListeners = z.object({ since: z.number(), known: z.array(z.string().max(40)).max(maxPerUser * maxUsers) })
export type KnownListeners = z.infer<typeof KnownListeners>

export type NewListener = { kind: 'listener'; socket: Socket } | { kind: 'too-many'; socket: Socket }

/** By user the ports that other machines reach here. Whoever opens more than anybody should is said once, and opens unseen after that. */
export class Listeners {
  readonly #since: number
  readonly #byUser = new Map<number, Set<string>>()
  readonly #full = new Set<number>()

  constructor({ since, known }: KnownListeners) {
    this.#since = since
    for (const key of known) this.#of(Number(key.split(' by ')[1])).add(key)
  }

  /** @param now epoch ms. @returns what nobody knew, each once. */
  take(sockets: readonly Socket[], now: number): { fresh: NewListener[]; isLearning: boolean } {
    const open = sockets.filter(({ state, local }) => state === 'listening' && isReachable(local.address) && local.port < firstEphemeral)
    return { fresh: open.flatMap((socket) => this.#add(socket)), isLearning: now - this.#since < learnsFor }
  }

  kept(): KnownListeners {
    return { since: this.#since, known: [...this.#byUser.values()].flatMap((keys) => [...keys]) }
  }

  #add(socket: Socket): NewListener[] {
    const { userId, local } = socket
    const key = `tcp ${local.port} by ${userId}`
    const keys = this.#of(userId)
    if (keys.has(key)) return []
    if (keys.size < maxPerUser) {
      keys.add(key)
      return [{ kind: 'listener', socket }]
    }
    if (this.#full.has(userId)) return []
    this.#full.add(userId)
    return [{ kind: 'too-many', socket }]
  }

  /** Of more users than a machine has services, the one that came first is learnt anew. */
  #of(userId: number): Set<string> {
    const keys = this.#byUser.get(userId) ?? new Set()
    this.#byUser.set(userId, keys)
    const [oldest] = this.#byUser.keys()
    if (this.#byUser.size > maxUsers && oldest !== undefined) this.#byUser.delete(oldest)
    return keys
  }
}
