import { LiveEvent } from '#shared/api/live.ts'

/** `lost`: it was there, or should be, and isn't; it is being tried again. */
export type LineState = 'connecting' | 'live' | 'lost'

export interface LineListener {
  onEvent(event: LiveEvent): void
  onState(state: LineState): void
}

const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 15_000

/**
 * The server-sent events at `address`, dialled again by themselves until closed. The browser redials a line that broke,
 * but gives up on one that was refused (a proxy, a restart), so the redialling is done here.
 * @returns what closes the line.
 */
export function openLiveLine(address: string, { onEvent, onState }: LineListener): () => void {
  let source: EventSource
  let retry: number | undefined
  let retryMs = FIRST_RETRY_MS

  const dial = (): void => {
    source = new EventSource(address)
    source.onopen = () => {
      retryMs = FIRST_RETRY_MS
      onState('live')
    }
    source.onmessage = (message) => {
      const event = eventOf(message.data)
      if (event) onEvent(event)
    }
    source.onerror = () => {
      source.close()
      onState('lost')
      retry = window.setTimeout(dial, retryMs * (0.5 + Math.random()))
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
    }
  }
  onState('connecting')
  dial()
  return () => {
    window.clearTimeout(retry)
    source.close()
  }
}

/** A hint that can't be read is dropped: the next one, or the next reading, tells the same. */
function eventOf(data: unknown): LiveEvent | undefined {
  try {
    return LiveEvent.safeParse(JSON.parse(String(data))).data
  } catch {
    return undefined
  }
}
