import { sentenceOf } from '#shared/domain/fault.ts'
import { minutes } from '#shared/domain/time.ts'
import type { Say, WatchContext, Watching } from '../define-detector.ts'
import { BoundedMap } from '../logon/bounded-map.ts'
import type { WindowsEvents } from './events.ts'
import { powerOf } from './power.ts'

/** The Security log, the service manager and Sysmon tell of the same service; the task scheduler and the Security log of the same task. */
const sameWithinMs = minutes(2)

export function watchPowers(events: WindowsEvents, say: Say, { time, broken }: Pick<WatchContext, 'time' | 'broken'>): Watching {
  const said = new BoundedMap<{ at: number; kind: string }>(1_000)
  const end = events.listen((event) => {
    const power = powerOf(event)
    if (!power) return
    const last = said.touch(power.about, () => ({ at: Number.NEGATIVE_INFINITY, kind: '' }))
    // What one says of a task the other knows to be dangerous.
    const isNews = time.monotonic() - last.at >= sameWithinMs || (last.kind !== power.kind && power.severity === 'high')
    if (!isNews) return
    Object.assign(last, { at: time.monotonic(), kind: power.kind })
    say(power).catch((error: unknown) => broken(sentenceOf(error)))
  })
  return { stop: async () => end() }
}
