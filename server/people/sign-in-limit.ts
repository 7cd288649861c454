import { isIPv6 } from 'node:net'
import { minutes, type Time } from '#shared/domain/time.ts'

/*
 * Enters: an attempt to sign in, before its password is looked at. Leaves: 0, or how long to wait.
 * Promises: attempts that run at once are all counted; memory is bounded. On failure: nothing to fail.
 * Threat: guessing. One address may try one login 5 times, and all logins 30 times; all addresses together may try one
 * login 100 times, which slows a botnet without letting one stranger lock anybody out. Each per 15 minutes.
 */

const windowMs = minutes(15)
const most = { pair: 5, address: 30, login: 100 }
/** 20,000 windows are about 4 MB; the oldest goes first. */
const maxWindows = 20_000

export interface SignInLimit {
  /** Counts the attempt. @returns milliseconds to wait before another is looked at; 0: go on. */
  begin(address: string, login: string): number
  /** The attempt was no guess: it counts no longer, and the pair starts afresh. */
  succeeded(address: string, login: string): void
}

interface Window {
  count: number
  endsAt: number
}

export function createSignInLimit(time: Time): SignInLimit {
  const windows = new Map<string, Window>()

  const windowOf = (key: string): Window => {
    const now = time.monotonic()
    const known = windows.get(key)
    if (known && known.endsAt > now) return known
    const fresh = { count: 0, endsAt: now + windowMs }
    windows.delete(key)
    windows.set(key, fresh)
    if (windows.size > maxWindows) windows.delete(windows.keys().next().value ?? key)
    return fresh
  }

  return {
    begin: (address, login) => {
      const counted = keysOf(address, login).map(({ key, limit }) => ({ limit, window: windowOf(key) }))
      const full = counted.filter(({ limit, window }) => window.count >= limit)
      if (full.length > 0) return Math.max(...full.map(({ window }) => window.endsAt)) - time.monotonic()
      for (const { window } of counted) window.count += 1
      return 0
    },
    succeeded: (address, login) => {
      const [pair, ...others] = keysOf(address, login)
      if (pair) windows.delete(pair.key)
      for (const { key } of others) windowOf(key).count = Math.max(0, windowOf(key).count - 1)
    },
  }
}

function keysOf(address: string, login: string): { key: string; limit: number }[] {
  const network = networkOf(address)
  return [
    { key: `pair ${network} ${login}`, limit: most.pair },
    { key: `address ${network}`, limit: most.address },
    { key: `login ${login}`, limit: most.login },
  ]
}

/** Whoever has one IPv6 address has the whole /64. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address
  return address.split(':').slice(0, 4).join(':')
}
