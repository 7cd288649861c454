import { z } from 'zod'
import { type Cancel, minutes, seconds, type Time } from '#shared/domain/time.ts'
import { unawaited } from '#shared/domain/unawaited.ts'
import type { EventGap } from '../../host/windows/event-log.ts'
import { defineDetector, type WatchContext } from '../define-detector.ts'
import type { WindowsEvents } from '../windows/events.ts'

/*
 * Follows Windows' event log for whoever judges it: log-ons, starts of programs, services, tasks, Defender, and Sigma's rules each listen.
 * By itself it says nothing. How far it has read is kept over restarts, half a minute apart, so after a crash so much is judged
 * again and nothing left out. A log that isn't there, may not be read, or was overwritten before it was read is told by agent-health, unless
 * it is one that only some machines have (Sysmon), which is in the agent's own log.
 * Threat: fields hold what attackers chose; they are compared, masked and shown, never run.
 */
const memoryName = 'windows events'
const keepEveryMs = seconds(30)
/** A machine on which nobody has started a program for so long isn't used by anybody, Windows itself included. */
const startsWithinMs = minutes(30)
const Places = z.record(z.string().max(300), z.number())

export default defineDetector({
  name: 'windows-events',
  platforms: ['windows'],
  async watch(probe, _, { time, log, settings, broken }) {
    const { windowsEvents: hub, memory } = settings
    if (!probe.windows || !hub) return { unsupported: 'Windows’ event log can’t be read here' }
    const { windowsEvent } = await import('../windows/events.ts')
    const kept = Places.safeParse(await memory?.read(memoryName)).data ?? {}
    const noteGap = (gap: EventGap): void => {
      log.info({ channel: gap.channel, why: gap.why, reason: gap.reason }, 'a log of Windows is not seen, or not all of it')
      hub.noteGap(gap)
    }
    const opened = await probe.windows.followEvents({
      ...{ channels: hub.wanted(), places: kept },
      follower: {
        onEvent: (event) => hub.tell(windowsEvent(event, time.now())),
        onGap: noteGap,
        onGapClosed: (channel) => hub.noteNoGap(channel),
        onCleared: (channel, before, now) => hub.tellCleared(channel, before, now),
        onEnd: broken,
      },
    })
    if (opened.kind === 'unsupported') return { unsupported: opened.reason }
    const events = opened.value
    hub.onWanted((channels) => events.want(channels))
    const withoutStarts = missStarts(hub, time)
    const keeper = keepPlaces({ time, log, settings }, () => events.places(), JSON.stringify(kept))
    return {
      async stop() {
        hub.onWanted(() => undefined)
        withoutStarts()
        events.stop()
        await keeper.stop()
      },
    }
  },
})

/** Neither Sysmon nor the audit of starts is on by default, and nobody says so but their silence. Answers its end. */
function missStarts(hub: WindowsEvents, time: Time): () => void {
  const channel = 'programs that start'
  const reason = 'Programs that start are not seen: Sysmon isn’t installed, and Windows doesn’t audit the creation of processes (4688)'
  const cancel = time.after(startsWithinMs, () => hub.noteGap({ channel, why: 'broken', reason }))
  const end = hub.listen(({ id, channel: from }) => {
    if (!((id === 1 && from.includes('sysmon')) || (id === 4688 && from === 'security'))) return
    cancel()
    hub.noteNoGap(channel)
  })
  return () => {
    cancel()
    end()
  }
}

function keepPlaces({ time, log, settings }: Pick<WatchContext, 'time' | 'log' | 'settings'>, places: () => object, before: string) {
  let written = before
  let next: Cancel = () => undefined
  const write = async (): Promise<void> => {
    const now = places()
    const text = JSON.stringify(now)
    if (text === written) return
    written = text
    await settings.memory?.write(memoryName, now)
  }
  const plan = (): void => {
    next = time.after(keepEveryMs, () => {
      unawaited(write(), log, 'how far Windows’ logs were read could not be kept')
      plan()
    })
  }
  plan()
  return {
    stop: async (): Promise<void> => {
      next()
      await write()
    },
  }
}
