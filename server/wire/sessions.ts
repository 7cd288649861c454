import { CloseCode } from '#shared/protocol/close-codes.ts'
import type { CollectorMessage } from '#shared/protocol/messages.ts'
import type { Session } from './session.ts'
import type { Offered } from './surroundings.ts'

/** Who is connected: at most one live session per endpoint. */
export interface Sessions {
  /** Every session is known from its upgrade on, so that a revocation finds it before its hello. */
  opened(session: Session): void
  /** An identity has one session, two while it comes back; whoever opens more of them wants our memory. */
  hasTooMany(endpointId: string): boolean
  /** Makes it the live one, unless another of its endpoint lives: then it is refused. */
  admit(session: Session): Promise<boolean>
  /** @returns whether it was the live one of its endpoint. */
  ended(session: Session): boolean
  /** To its live session, if it named `capability`. */
  offerTo(endpointId: string, capability: string, message: CollectorMessage): Offered
  isLive(endpointId: string): boolean
  endAll(endpointId: string, code: CloseCode, reason: string): void
  all(): Session[]
}

const maxOpenPerEndpoint = 4

export function createSessions(onDuplicate: (live: Session, refused: Session) => void): Sessions {
  const open = new Set<Session>()
  const live = new Map<string, Session>()
  const opens = new Map<string, number>()
  const count = (endpointId: string, by: number): void => {
    const opened = (opens.get(endpointId) ?? 0) + by
    if (opened > 0) opens.set(endpointId, opened)
    else opens.delete(endpointId)
  }
  return {
    opened: (session) => {
      open.add(session)
      count(session.from.endpointId, 1)
    },
    hasTooMany: (endpointId) => (opens.get(endpointId) ?? 0) >= maxOpenPerEndpoint,
    admit: async (session) => {
      const { endpointId } = session.from
      for (let other = live.get(endpointId); other; other = live.get(endpointId)) {
        // After a network drop the old socket looks open for up to 45 s; it must not lock its own agent out.
        if (await other.isAlive()) {
          onDuplicate(other, session)
          session.end(CloseCode.AlreadyConnected, 'this identity is connected already')
          return false
        }
        other.cut()
        if (live.get(endpointId) === other) live.delete(endpointId)
      }
      if (!open.has(session)) return false
      live.set(endpointId, session)
      return true
    },
    ended: (session) => {
      if (open.delete(session)) count(session.from.endpointId, -1)
      return live.get(session.from.endpointId) === session && live.delete(session.from.endpointId)
    },
    offerTo: (endpointId, capability, message) => live.get(endpointId)?.offer(capability, message) ?? 'away',
    isLive: (endpointId) => live.get(endpointId)?.isLive ?? false,
    endAll: (endpointId, code, reason) => {
      for (const session of open) if (session.from.endpointId === endpointId) session.end(code, reason)
    },
    all: () => [...open],
  }
}
