import { minutes, type Time } from '#shared/domain/time.ts'

const windowMs = minutes(1)
/** Failures of one address in a minute. A person mistypes a token a few times; a whole site may stand behind one address. */
const maxFailures = 20
/** Addresses remembered; the one that failed longest ago is forgotten first. */
const maxAddresses = 10_000

/** Slows down whoever guesses. Successes cost nothing, so a fleet can enrol from behind one address. */
export interface AttemptLimit {
  isSpent(address: string): boolean
  failed(address: string): void
}

export function createAttemptLimit(time: Time): AttemptLimit {
  const failures = new Map<string, number[]>()
  const recent = (address: string) => (failures.get(address) ?? []).filter((at) => time.monotonic() - at < windowMs)
  return {
    isSpent: (address) => recent(address).length >= maxFailures,
    failed: (address) => {
      const kept = [...recent(address), time.monotonic()]
      failures.delete(address)
      failures.set(address, kept)
      const [oldest] = failures.keys()
      if (failures.size > maxAddresses && oldest !== undefined) failures.delete(oldest)
    },
  }
}
