import type { NoiseMeterAnswer } from '#shared/api/noise.ts'
import { days } from '#shared/domain/time.ts'
import type { Matrix } from '../route/matrix.ts'

/** What is counted in a period, from tickets and their timelines. */
export interface Noted {
  workstations: number
  /** Core machines and those nobody knows count as servers. */
  servers: number
  workstationTickets: number
  serverTickets: number
  /** Rungs of a ladder at which somebody was called. */
  pages: number
  securityTickets: number
  falseAlarms: number
}

type Line = NoiseMeterAnswer['lines'][number]

/** What is counted against what is aimed at (pure). */
export function noiseOf(
  noted: Noted,
  { noiseMeter: aims }: Pick<Matrix, 'noiseMeter'>,
  { from, to }: { from: number; to: number },
): Line[] {
  const [weeks, months] = [(to - from) / days(7), (to - from) / days(30)]
  const endpoints = noted.workstations + noted.servers
  /** How many there are to so many machines in one of these times; the aim is one. */
  const rate = (what: Line['what'], aim: string, count: number, of: number, perMachines: number, times: number): Line =>
    lineOf({ what, aim, count, of, value: of === 0 ? null : count / ((of / perMachines) * times), atMost: 1 })
  const { workstationsPerTicketAWeek: ws, serversPerTicketAWeek: srv, endpointsPerPageAMonth: ofPages, falseAlarmPercent } = aims
  const { falseAlarms, securityTickets } = noted
  return [
    rate(
      'workstation-tickets',
      `At most one ticket of a machine a week for ${ws} workstations.`,
      noted.workstationTickets,
      noted.workstations,
      ws,
      weeks,
    ),
    rate('server-tickets', `At most one ticket of a machine a week for ${srv} servers.`, noted.serverTickets, noted.servers, srv, weeks),
    rate('pages', `At most one page a month for ${ofPages} endpoints.`, noted.pages, endpoints, ofPages, months),
    lineOf({
      ...{ what: 'false-alarms', aim: `At most ${falseAlarmPercent} % of the security tickets are false alarms.`, count: falseAlarms },
      ...{ of: securityTickets, value: securityTickets === 0 ? null : (100 * falseAlarms) / securityTickets, atMost: falseAlarmPercent },
    }),
  ]
}

const lineOf = (line: Omit<Line, 'isMet'>): Line => ({ ...line, isMet: line.value === null ? null : line.value <= line.atMost })
