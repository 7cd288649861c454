import type { Snapshot } from '#shared/commands/backup-list.ts'

/** The agent chooses anew among all that it has, and by what is to be restored; this is what to expect. */
export const proposed = (snapshots: readonly Snapshot[], before: number): Snapshot | undefined =>
  snapshots.filter(({ at, verifiedAt }) => verifiedAt !== null && at < before).toSorted((a, b) => b.at - a.at)[0]

/** As a field for date and time takes it, on the reader's own clock. */
export function localText(at: number): string {
  const shifted = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 19)
}
