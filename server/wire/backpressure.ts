/** Bytes of one agent that may wait for their commit before its socket is no longer read. */
const maxBytesPerAgent = 2_097_152
/** And of all agents together; whoever has something waiting then pauses. */
const maxBytesOfAll = 134_217_728

/** Bytes on their way from all sockets to the disk: what isn't read stays in the kernel and in the agents' spools. */
export interface Backpressure {
  /** One agent's share. */
  share(socket: { pause(): void; resume(): void }): { began(bytes: number): void; ended(bytes: number): void }
}

export function createBackpressure(): Backpressure {
  let ofAll = 0
  return {
    share: (socket) => {
      let own = 0
      let isPaused = false
      const isTooMuch = () => own > maxBytesPerAgent || (own > 0 && ofAll > maxBytesOfAll)
      const adjust = () => {
        if (isTooMuch() === isPaused) return
        isPaused = !isPaused
        if (isPaused) socket.pause()
        else socket.resume()
      }
      const add = (bytes: number) => {
        own += bytes
        ofAll += bytes
        adjust()
      }
      return { began: add, ended: (bytes) => add(-bytes) }
    },
  }
}
