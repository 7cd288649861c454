import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import type { Conversation } from '../../host/conversation.ts'
import type { Host } from '../../host/host.ts'

/*
 * Notices what happens to our tables. Enters: what `nft monitor` prints, and the list of devices. Leaves: "somebody touched them",
 * also for what we did ourselves. Promises: a flush or an edit is told within milliseconds, a new device within 200. On failure: a
 * monitor that ends is begun again; whoever listens looks every two seconds anyway.
 */

export interface WatchParts {
  host: Host
  time: Time
  devices: () => string[]
  touched: () => void
}

/** Listing one folder of sysfs takes some 30 µs. Raw packets by a device that is newer than this are the gap. */
const devicesEveryMs = 200
/** One transaction is many lines, and what put the rules is still at it. */
const settleMs = 20
const againAfterMs = seconds(1)

export function watchRuleset({ host, time, devices, touched }: WatchParts): () => void {
  let isStopped = false
  let monitor: Conversation | undefined
  let soon: Cancel | undefined
  let next: Cancel | undefined
  let known = namesOf(devices)

  const tell = (): void => {
    soon ??= time.after(settleMs, () => {
      soon = undefined
      touched()
    })
  }
  const listen = (): void => {
    if (isStopped) return
    monitor = host.converse('nft', ['monitor'], {
      onLine: (line) => void (/\btierline(_held)?\b/.test(line) && tell()),
      onEnd: () => void time.after(againAfterMs, listen),
    })
  }
  const look = (): void => {
    next = time.after(devicesEveryMs, () => {
      const now = namesOf(devices)
      if (now !== known) touched()
      known = now
      look()
    })
  }

  listen()
  look()
  return () => {
    isStopped = true
    soon?.()
    next?.()
    void monitor?.end()
  }
}

/** A device that can't be named is told where the rules are put. */
function namesOf(devices: () => string[]): string {
  try {
    return devices().join()
  } catch {
    return ''
  }
}
