import { type Cancel, minutes, seconds, type Time } from '#shared/domain/time.ts'
import type { Conversation } from '../../host/conversation.ts'
import type { Host } from '../../host/host.ts'

/*
 * Notices what happens to our tables. Enters: what `nft monitor` and `ip monitor link` print, and the list of devices. Leaves:
 * "somebody touched them", also for what we did ourselves. Promises: a flush, an edit or a new device is told within milliseconds;
 * a new device within 200 where nothing tells of it. On failure: a monitor that ends is begun again; whoever listens looks every two
 * seconds anyway.
 */

export interface WatchParts {
  host: Host
  time: Time
  devices: () => string[]
  touched: () => void
}

/** Listing one folder of sysfs takes some 30 µs. Raw packets by a device that nobody has told of yet are the gap. */
const devicesEveryMs = 200
/** One transaction is many lines, and what put the rules is still at it. */
const settleMs = 20
const againAfterMs = seconds(1)
/** A machine may have none, and the list is read all the same. */
const linksAgainAfterMs = minutes(1)

export function watchRuleset({ host, time, devices, touched }: WatchParts): () => void {
  let isStopped = false
  let monitor: Conversation | undefined
  let links: Conversation | undefined
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
  const compare = (): void => {
    const now = namesOf(devices)
    if (now !== known && !isStopped) touched()
    known = now
  }
  const listenToLinks = (): void => {
    if (isStopped) return
    links = host.converse('ip', ['-o', 'monitor', 'link'], {
      onLine: compare,
      onEnd: () => void time.after(linksAgainAfterMs, listenToLinks),
    })
  }
  const look = (): void => {
    next = time.after(devicesEveryMs, () => {
      compare()
      look()
    })
  }

  listen()
  listenToLinks()
  look()
  return () => {
    isStopped = true
    soon?.()
    next?.()
    void monitor?.end()
    void links?.end()
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
