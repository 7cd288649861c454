import { z } from 'zod'
import { days, seconds } from '#shared/domain/time.ts'
import { isReachable, type Socket } from './sockets.ts'

/** Row 11: what a machine offers is learnt silently for so long. */
export const learnsFor = days(14)
/** Ports above this are given to whoever asks for any: they change with every start. */
const firstEphemeral = 32_768
/** No service opens more, and nobody may use up what is kept of the others. */
const maxPerUser = 100
const maxUsers = 50
const maxDoors = 2_000

/** Who asks by UDP is given a port for the answer, and gives it back. */
const steadyAfter = seconds(60)

export const KnownListeners = z.object({
  since: z.number(),
  udpSince: z.number().optional(),
  known: z.array(z.string().max(40)).max(maxPerUser * maxUsers),
})
export type KnownListeners = z.infer<typeof KnownListeners>

export interface NewListener {
  kind: 'listener' | 'too-many'
  socket: Socket
}

/** By user the ports that other machines reach here. Whoever opens more than anybody should is said once, and opens unseen after that. */
export class Listeners {
  readonly #since: number
  /** Agents before 0.2 knew nothing of UDP. */
  readonly #udpSince: number
  readonly #byUser = new Map<number, Set<string>>()
  readonly #full = new Set<number>()

  constructor({ since, udpSince = since, known }: KnownListeners) {
    this.#since = since
    this.#udpSince = udpSince
    for (const key of known) this.#of(Number(key.split(' by ')[1])).add(key)
  }

  /** @returns what nobody knew, each once. */
  take(sockets: readonly Socket[]): NewListener[] {
    const open = sockets.filter(({ state, local }) => state === 'listening' && isReachable(local.address) && local.port < firstEphemeral)
    return open.flatMap((socket) => this.#add(socket))
  }

  /** @param now epoch ms */
  isLearning({ protocol }: Socket, now: number): boolean {
    return now - (protocol === 'udp' ? this.#udpSince : this.#since) < learnsFor
  }

  kept(): KnownListeners {
    return { since: this.#since, udpSince: this.#udpSince, known: [...this.#byUser.values()].flatMap((keys) => [...keys]) }
  }

  #add(socket: Socket): NewListener[] {
    const { userId, local, protocol = 'tcp' } = socket
    const key = `${protocol} ${local.port} by ${userId}`
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

/** Doors of UDP that stay open: a name server takes another for each question. */
export class SteadyDoors {
  #seen: ReadonlyMap<string, number> = new Map()

  /** @param now monotonic ms */
  take(doors: readonly Socket[], now: number): Socket[] {
    const known = this.#seen
    this.#seen = new Map(doors.slice(0, maxDoors).map(({ inode }) => [inode, known.get(inode) ?? now]))
    return doors.filter(({ inode }) => now - (this.#seen.get(inode) ?? now) >= steadyAfter)
  }
}
