import type { Told, Words } from '../said.ts'

/** What our own people are told outside of the console. What customers are told stands in a file a language, in customers/. */
export const en: Words = {
  title: (told) => {
    if (told.event === 'digest') return `${told.count} lines for ${told.team}: ${told.organisation.name}`
    const { ticket } = told
    if (!ticket) return told.why || told.event
    const where = [told.organisation.name, told.endpoint?.hostname].filter(Boolean).join(', ')
    return `${ticket.priority} #${ticket.number} ${ticket.title}${where === '' ? '' : ` (${where})`}`
  },
  lines: (told) => {
    if (told.event === 'digest') return told.lines.map(({ summary }) => summary)
    const said = happened(told)
    return [said, ...(told.ticket ? [whoHasIt(told), whatNext(told), until(told)] : [])].filter((line) => line !== '')
  },
  bundle: (count, priority, newest) => `${count} ${priority}, newest: ${newest}`,
  digest: (count) => `${count} notices`,
  more: (count) => `… and ${count} more`,
}

const sentences: Record<string, (told: Told) => string> = {
  'ticket.opened': () => 'A ticket opened.',
  'ticket.reopened': () => 'A ticket reopened.',
  'ticket.raised': () => 'A ticket became more pressing.',
  'ticket.acknowledged': () => 'Somebody has taken this ticket.',
  'ticket.assigned': ({ entry: { body } }) =>
    body.toTeam === undefined ? 'This ticket is yours.' : `This ticket is yours. ${moved(body)}`,
  'ticket.escalated': ({ entry: { body } }) => moved(body),
  'ticket.containment-asked': ({ entry: { body } }) => asked(body),
  'ticket.containment-answered': ({ entry: { body } }) =>
    body.why === 'unanswered' ? 'Nobody answered in time whether to isolate the machine.' : 'Whether to isolate the machine was answered.',
  'ticket.promise-broken': ({ entry: { body } }) => `The promise to ${text(body.promise)} in time was broken.`,
  'ticket.command-held': () => 'A command waits for a person.',
  'ticket.command-settled': ({ entry: { body } }) => `A command ended: ${text(body.verb)}, ${text(body.outcome)}.`,
  'ticket.reviewed': () => 'It is still open: somebody should look.',
  'ticket.resolved': () => 'It is solved.',
  'ticket.page': ({ to }) => (to === '' ? 'You are needed.' : `${to}, you are needed.`),
  'ticket.reminded': ({ entry: { body } }) => reminded(body),
  'ticket.away': ({ why }) => why,
}

const moved = (body: Record<string, unknown>): string =>
  `It moved from ${text(body.fromTeam)} to ${text(body.toTeam)}${because(body.reason)}.`

/** What a reminder of the clocks is about. */
function reminded(body: Record<string, unknown>): string {
  if (body.what === 'untouched') return 'It was taken, and nobody has done anything since.'
  if (body.what === 'promise') return `${text(body.percent)} % of the time to ${text(body.promise)} are over.`
  if (body.what === 'release') return 'One side says that its machine may be released, and the other has to agree.'
  return body.what === 'vendor' ? 'It waits for a vendor, and it is time to ask.' : 'It needs somebody to look.'
}

const happened = (told: Told): string => sentences[told.event]?.(told) ?? ''

function asked(body: Record<string, unknown>): string {
  const otherwise = body.otherwise === 'isolate' ? 'it is isolated' : 'nothing happens'
  const at = typeof body.dueAt === 'number' ? ` at ${new Date(body.dueAt).toISOString().slice(11, 16)} UTC` : ''
  return `Shall this machine be isolated? If nobody answers, ${otherwise}${at}. Answer on the ticket's page, after signing in.`
}

const whoHasIt = ({ ticket }: Told): string => {
  if (!ticket || ticket.status === 'resolved') return ''
  const tier = ticket.tier === ticket.team ? '' : `, ${ticket.tier}`
  return ticket.owner === '' ? `It is with ${ticket.team}${tier}.` : `${ticket.owner} has it (${ticket.team}${tier}).`
}

const whatNext = ({ ticket, event }: Told): string => {
  if (!ticket || ticket.status === 'resolved') return ''
  if (event === 'ticket.page') return 'Next: acknowledge it, which stops the pages, and look.'
  return ticket.status === 'new' ? 'Next: somebody takes it.' : 'Next: it is being worked on.'
}

const until = ({ ticket, organisation }: Told): string => {
  if (!ticket || ticket.status === 'resolved') return ''
  if (ticket.status === 'new' && ticket.respondBy !== null) return `An answer is owed by ${when(ticket.respondBy, organisation.timeZone)}.`
  return ticket.resolveBy === null ? '' : `A solution is owed by ${when(ticket.resolveBy, organisation.timeZone)}.`
}

const when = (at: number, timeZone: string): string => new Intl.DateTimeFormat('en-GB', { ...format, timeZone }).format(new Date(at))

const format = { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const

const because = (reason: unknown): string =>
  reason === 'time-box' ? ', because its time there was over' : typeof reason === 'string' ? ` (${reason})` : ''

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')
