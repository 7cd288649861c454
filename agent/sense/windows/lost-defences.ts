import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, minutes } from '#shared/domain/time.ts'
import type { Say, WatchContext, Watching } from '../define-detector.ts'
import { BoundedMap } from '../logon/bounded-map.ts'
import { cameBack, clearedLog, type Lost, lostDefence, lostSaid } from './defence.ts'
import type { WindowsEvents } from './events.ts'

/** A log that is cleared says so itself and begins anew; each part of Defender that goes says so too. */
const quietMs = minutes(10)
const comesBackWithinMs = minutes(1)
const maxWaiting = 200

export function watchLostDefences(events: WindowsEvents, say: Say, { time, broken, role, settings }: WatchContext): Watching {
  const said = new BoundedMap<{ at: number }>(500)
  const waiting = new Map<string, Cancel>()
  const tell = (lost: Lost, event: string, at: number): void => {
    const last = said.touch(`${lost.about} ${lost.facts?.setting ?? ''}`, () => ({ at: Number.NEGATIVE_INFINITY }))
    if (time.monotonic() - last.at < quietMs) return
    last.at = time.monotonic()
    const around = { isWorkstation: role === 'workstation', event, before: settings.starts?.lines(20) ?? '', at }
    say(lostSaid(lost, around)).catch((error: unknown) => broken(sentenceOf(error)))
  }
  const forget = (key: string): void => {
    waiting.get(key)?.()
    waiting.delete(key)
  }
  const tellLater = (key: string, act: () => void): void => {
    if (waiting.has(key)) return
    if (waiting.size >= maxWaiting) act()
    else
      waiting.set(
        key,
        time.after(comesBackWithinMs, () => {
          waiting.delete(key)
          act()
        }),
      )
  }
  const ends = [
    events.listen((event) => {
      const lost = lostDefence(event)
      const act = (): void => lost && tell(lost, event.text(), event.at)
      if (lost?.comesBackAs !== undefined) tellLater(lost.comesBackAs, act)
      else if (lost) act()
      else forget(cameBack(event) ?? '')
    }),
    events.onCleared((channel, before, now) => tell(clearedLog(channel, before, now), `${channel}: ${before} → ${now}`, time.now())),
  ]
  return {
    stop: async () => {
      for (const end of ends) end()
      for (const key of [...waiting.keys()]) forget(key)
    },
  }
}
