import type { Outcome } from './chaos.ts'

const shown = 20

export function printOutcome(
  { accounts, wrongs, faultsBefallen, gaps, commands, starts, memoryMiB }: Outcome,
  say: (line: string) => void,
): void {
  const { produced, stored, lost, doubled, misordered, destroyed, forgotten, givenUp } = accounts
  const rows: [string, number | string][] = [
    ['faults', faultsBefallen],
    ['starts', listed(starts)],
    ['produced', produced],
    ['stored', stored],
    ['lost', lost.length],
    ['doubled', doubled.length],
    ['out of order', misordered.length],
    ['destroyed by a fault', `${destroyed.length} (cut out of a spool before the collector had them)`],
    ['forgotten', `${forgotten.length} (in the memory of a killed agent with a full disk)`],
    ['given up, and said', `${givenUp.length} (by an agent with a full disk)`],
    ['gaps said', gaps],
    ['commands', `${commands.begun}, run ${commands.runs} times`],
    ['most memory, MiB', listed(memoryMiB)],
  ]
  say('')
  for (const [name, value] of rows) say(`  ${name.padEnd(22)} ${value}`)
  say(wrongs.length === 0 ? '\nNothing is lost, nothing is there twice.' : `\nWrong (${wrongs.length}):`)
  for (const wrong of wrongs.slice(0, shown)) say(`  ${wrong}`)
  if (wrongs.length > shown) say(`  and ${wrongs.length - shown} more`)
}

const listed = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
