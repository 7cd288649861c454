import type { CustomerWords } from '../../customer-words.ts'

/** Everything that customers are told, in English. */
export const en: CustomerWords = {
  locale: 'en-GB',
  hello: (name) => `Hello ${name},`,
  yours: (number, title) => `Your request #${number}: ${title}`,
  events: {
    'request.received': () => ['we have received your request.'],
    'request.taken': () => ['somebody has your request now.'],
    'request.queued': () => ['your request is in the queue again, because the person who had it is away.'],
    'request.moved': ({ entry: { body } }) => [`your request has moved on to other people, because ${why(body.reason)}.`],
    'request.waiting': ({ entry: { body } }) => ['we need something from you before we can go on.', ...quoted(body.note)],
    'request.reminded': ({ entry: { body } }, when) => [
      'we are still waiting for your answer.',
      ...(typeof body.closesAt === 'number' ? [`Without one we close your request on ${when(body.closesAt)}. You can open it again.`] : []),
    ],
    'request.stands': () => ['you have not heard of us for a while: this is how your request stands.'],
    'request.reopened': () => ['your request is open again.'],
    'request.resolved': ({ entry: { body } }) => [`your request is closed: ${ended(body.resolution)}.`, ...quoted(body.note)],
    'ticket.opened': () => ['There is an urgent trouble, and we are on it.'],
    'ticket.reopened': () => ['An urgent trouble is back, and we are on it.'],
    'ticket.raised': () => ['A trouble has become urgent.'],
    'ticket.resolved': () => ['The urgent trouble is over.'],
    'ticket.promise-broken': () => ['We have not solved this urgent trouble in the time that we promised.'],
    'ticket.command-settled': ({ entry: { body }, endpoint }) => {
      const machine = endpoint?.hostname ?? 'a machine'
      return [body.verb === 'isolate-host' ? `We have cut ${machine} off from the network.` : `${machine} is back on the network.`]
    },
  },
  tiers: {
    ...{ tier1: 'the first line', tier2: 'the second line', tier3: 'the third line' },
    ...{ security: 'the security team', field: 'the field service', vcio: 'the planning team' },
  },
  has: (owner, tier) => `${owner} of ${tier} has it.`,
  waitsInQueue: (tier) => `It is with ${tier}; nobody in particular has it yet.`,
  next: {
    taken: 'Next: somebody there takes it.',
    looks: 'Next: they look into it.',
    works: 'Next: they go on working on it.',
    waits: 'Next: we go on as soon as we have what we are waiting for. Until then no time of ours runs.',
    over: 'Nothing more will happen, unless you tell us that something is still wrong.',
  },
  answerBy: (when) => `You hear from a person by ${when}.`,
  solvedBy: (when) => `It is to be solved by ${when}.`,
  howToAnswer: 'To add something, answer this mail.',
  several: (count) => `News of ${count} requests`,
  more: (count) => `… and ${count} more`,
}

function why(reason: unknown): string {
  const reasons: Record<string, string> = {
    'time-box': 'the time that it may take there is over',
    expertise: 'it needs somebody who knows more of this',
    access: 'it needs rights that they have not',
    security: 'it may be an attack',
    field: 'somebody has to come to you',
  }
  return reasons[String(reason)] ?? 'they are the right ones for it'
}

function ended(resolution: unknown): string {
  const ends: Record<string, string> = {
    fixed: 'it is solved',
    duplicate: 'we work on the same trouble under another number',
    'wont-fix': 'we are not going to change this',
    unanswered: 'we have had no answer from you',
  }
  return ends[String(resolution)] ?? 'there was nothing to put right'
}

/** What a technician wrote, for them to read. */
const quoted = (note: unknown): string[] => (typeof note === 'string' && note !== '' ? ['', note, ''] : [])
