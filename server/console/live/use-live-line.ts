import { useEffect, useEffectEvent, useState } from 'react'
import type { LiveEvent } from '#shared/api/live.ts'
import { type LineState, openLiveLine } from './live-line.ts'

interface LineUse {
  event(event: LiveEvent): void
  /** It stands, or stands again: hints may have been missed. */
  live(): void
  lost?(): void
}

/**
 * Holds a live line open while the tab can be seen. A browser gives one collector six connections over all its tabs, so
 * a tab that nobody sees gives its line up, and `live` catches up when it is back.
 * @param address null: none.
 */
export function useLiveLine(address: string | null, on: LineUse): LineState {
  const [state, setState] = useState<LineState>('connecting')
  const isSeen = useIsSeen()
  const onEvent = useEffectEvent(on.event)
  const onState = useEffectEvent((next: LineState) => {
    setState(next)
    if (next === 'live') on.live()
    if (next === 'lost') on.lost?.()
  })
  useEffect(() => {
    if (!address || !isSeen) return
    return openLiveLine(address, { onEvent: (event) => onEvent(event), onState: (next) => onState(next) })
  }, [address, isSeen])
  return state
}

function useIsSeen(): boolean {
  const [isSeen, setSeen] = useState(!document.hidden)
  useEffect(() => {
    const look = (): void => setSeen(!document.hidden)
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [])
  return isSeen
}
