import type { Server, Socket } from 'node:net'
import { seconds, type Time } from '#shared/domain/time.ts'

/**
 * Begins handshakes a few at a time. Each costs the loop a millisecond or more, and a fleet that lost its collector is
 * back all at once: begun together, ten thousand of them would hold everything up for as long as agents wait, all would
 * give up, and the same would begin again. Whoever waits here costs a socket and no work; who has waited for so long that
 * its agent is about to give up, or already has, is let go before any work is wasted on it.
 */
export interface Doorway {
  /** Also those that have not shaken hands yet: `closeAllConnections` of the server knows nothing of them. */
  destroyAll(): void
}

/** Begun in one turn of the loop: some 5 ms. */
const handshakesPerTurn = 4
/** Agents give up after 45 s, and theirs began when they dialled. */
const longestWaitMs = seconds(30)
/** Whoever comes when so many wait would wait for longer than that. */
const maxWaiting = 15_000

function destroyed(this: Socket): void {
  this.destroy()
}

export function guardDoorway(server: Server, time: Time): Doorway {
  const [shakeHands] = server.listeners('connection')
  if (!shakeHands) throw new TypeError('a TLS server shakes hands with its connections')
  const open = new Set<Socket>()
  let waiting: { socket: Socket; since: number }[] = []
  let isLetting = false

  const letSomeIn = (): void => {
    const latest = time.monotonic() - longestWaitMs
    let begun = 0
    let at = 0
    for (; at < waiting.length && begun < handshakesPerTurn; at += 1) {
      const next = waiting[at]
      if (!next || next.socket.destroyed) continue
      if (next.since < latest) next.socket.destroy()
      else {
        begun += 1
        shakeHands.call(server, next.socket)
      }
    }
    waiting = waiting.slice(at)
    isLetting = waiting.length > 0
    if (isLetting) setImmediate(letSomeIn)
  }

  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    if (waiting.length >= maxWaiting) {
      socket.destroy()
      return
    }
    socket.on('error', destroyed)
    waiting.push({ socket, since: time.monotonic() })
    if (!isLetting) {
      isLetting = true
      setImmediate(letSomeIn)
    }
  })
  return {
    destroyAll: () => {
      for (const socket of open) socket.destroy()
    },
  }
}
