import type { StandingSignal } from '#shared/domain/signal.ts'

/** A record lists at most so many (its schema); a full list may have left some out, so it clears nothing. */
const maxListed = 500

/** What the agent says is true now against what was true as far as we had heard. */
export function difference(
  listed: readonly StandingSignal[],
  known: ReadonlyMap<string, StandingSignal>,
): { raised: StandingSignal[]; cleared: StandingSignal[] } {
  const stillTrue = new Set(listed.map(({ fingerprint }) => fingerprint))
  const isWhole = listed.length < maxListed
  return {
    raised: listed.filter(({ fingerprint }) => !known.has(fingerprint)),
    cleared: isWhole ? [...known.values()].filter(({ fingerprint }) => !stillTrue.has(fingerprint)) : [],
  }
}
