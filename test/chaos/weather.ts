/** What befalls the bytes on one way: `up` is from agent to collector. */
export type Direction = 'up' | 'down'

export interface Weather {
  isSilent: Record<Direction, boolean>
  delayMs: Record<Direction, number>
  /** 0: no bound. */
  bytesPerSecond: number
  isRefusing: boolean
}

export const calm = (): Weather => ({
  isSilent: { up: false, down: false },
  delayMs: { up: 0, down: 0 },
  bytesPerSecond: 0,
  isRefusing: false,
})
