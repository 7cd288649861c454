import type { Figures } from '../figures/figures.ts'
import type { CrewAtWork } from './crews.ts'
import { staffedMs } from './crews.ts'
import type { Simulated } from './scene.ts'

/** What a run is judged by. */
export interface Report {
  name: string
  tickets: number
  otherSignals: number
  solved: number
  stillOpen: number
  /** Tickets under another, which counts for them. */
  under: number
  /** Milliseconds. */
  responseP50Ms: number | null
  responseP90Ms: number | null
  /** 0…1 of those that were solved. */
  sameDayShare: number | null
  tier1Share: number | null
  escalations: Figures['escalations']
  promises: Figures['promises']
  isolated: number
  crews: { name: string; people: number; utilisation: number }[]
  /** The longest that a team's queue was. */
  longestQueues: Record<string, number>
}

export function reportOf(name: string, { otherSignals, stillOpen, under, isolated, gauge, crews }: Simulated, figures: Figures): Report {
  const { opened, resolved, response, sameDay, solvedInTier1, escalations, promises } = figures
  return {
    ...{ name, tickets: opened, otherSignals, solved: resolved, stillOpen, under },
    ...{ responseP50Ms: response.p50Ms, responseP90Ms: response.p90Ms, sameDayShare: sameDay.share, tier1Share: solvedInTier1.share },
    ...{ escalations, promises, isolated, crews: crews.map(worked) },
    longestQueues: Object.fromEntries([...gauge.curves()].map(([team, curve]) => [team, Math.max(...curve)])),
  }
}

const worked = (crew: CrewAtWork) => ({
  ...{ name: crew.name, people: crew.people },
  utilisation: staffedMs(crew) === 0 ? 0 : crew.busyMs / staffedMs(crew),
})

/** Side by side, as a table of text. */
export function tableOf(reports: readonly Report[]): string {
  const rows = [['', ...reports.map(({ name }) => name)], ...rowsOf(reports)]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return `${rows.map(line).join('\n')}\n`
}

function rowsOf(reports: readonly Report[]): string[][] {
  const row = (title: string, show: (report: Report) => string): string[] => [title, ...reports.map(show)]
  const names = (of: (report: Report) => readonly string[]): string[] => [...new Set(reports.flatMap(of))]
  return [
    row('Tickets', ({ tickets }) => whole(tickets)),
    row('Solved', ({ solved }) => whole(solved)),
    row('Still open', ({ stillOpen }) => whole(stillOpen)),
    row('Under another', ({ under }) => whole(under)),
    row('Other signals', ({ otherSignals }) => whole(otherSignals)),
    row('First response, p50', ({ responseP50Ms }) => span(responseP50Ms)),
    row('First response, p90', ({ responseP90Ms }) => span(responseP90Ms)),
    row('Solved the same day', ({ sameDayShare }) => percent(sameDayShare)),
    row('Solved in tier1', ({ tier1Share }) => percent(tier1Share)),
    row('Promises broken', ({ promises: { kept, broken } }) => `${whole(broken)} of ${whole(kept + broken)}`),
    row('Isolated without a person', ({ isolated }) => whole(isolated)),
    ...names(({ escalations }) => Object.keys(escalations).sort()).map((reason) =>
      row(`Escalated: ${reason}`, ({ escalations }) => whole(escalations[reason] ?? 0)),
    ),
    ...names(({ crews }) => crews.map(({ name }) => name)).map((name) =>
      row(`Busy: ${name}`, ({ crews }) => busy(crews.find((crew) => crew.name === name))),
    ),
    ...names(({ longestQueues }) => Object.keys(longestQueues).sort()).map((team) =>
      row(`Longest queue: ${team}`, ({ longestQueues }) => whole(longestQueues[team] ?? 0)),
    ),
  ]
}

const whole = (count: number): string => count.toLocaleString('en')
const percent = (share: number | null): string => (share === null ? '–' : `${Math.round(share * 100)} %`)
const busy = (crew: Report['crews'][number] | undefined): string => (crew ? `${percent(crew.utilisation)} of ${crew.people}` : '–')

/** To the second below an hour, then to the minute. */
function span(ms: number | null): string {
  if (ms === null) return '–'
  const [hours, minutes, seconds] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1_000) % 60]
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${seconds} s` : `${seconds} s`
}
