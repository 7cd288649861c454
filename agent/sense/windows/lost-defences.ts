import { sentenceOf } from '#shared/domain/fault.ts'
import { minutes } from '#shared/domain/time.ts'
import type { Say, WatchContext, Watching } from '../define-detector.ts'
import { BoundedMap } from '../logon/bounded-map.ts'
import { clearedLog, type Lost, lostDefence, lostSaid } from './defence.ts'
import type { WindowsEvents } from './events.ts'

/** A log that is cleared says so itself and begins anew; each part of Defender that goes says so too. */
const quietMs = minutes(10)

export function watchLostDefences(events: WindowsEvents, say: Say, { time, broken, role, settings }: WatchContext): Watching {
  const said = new BoundedMap<{ at: number }>(500)
  const tell = (lost: Lost, text: string): void => {
    const last = said.touch(`${lost.about} ${lost.facts?.setting ?? ''}`, () => ({ at: Number.NEGATIVE_INFINITY }))
    if (time.monotonic() - last.at < quietMs) return
    last.at = time.monotonic()
    say(lostSaid(lost, role === 'workstation', text, settings.starts?.lines(20) ?? '')).catch((error: unknown) => broken(sentenceOf(error)))
  }
  const ends = [
    events.listen((event) => {
      const lost = lostDefence(event)
      if (lost) tell(lost, event.text())
    }),
    events.onCleared((channel, before, now) => tell(clearedLog(channel, before, now), `${channel}: ${before} → ${now}`)),
  ]
  return {
    stop: async () => {
      for (const end of ends) end()
    },
  }
}
