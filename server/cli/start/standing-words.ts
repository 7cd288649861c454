import type { Risk } from '#shared/domain/command.ts'
import type { StandingOrder } from '#shared/protocol/standing-order.ts'
import { whenInWords } from '#shared/protocol/standing-words.ts'

/** What somebody signs, in plain words, read from the very bytes. */
export function inWords(order: StandingOrder, risk: Risk | undefined): string {
  const {
    name,
    verb,
    args,
    argsFrom,
    organisationId,
    endpoints,
    role,
    mostRuns,
    endsAt,
    isWithdrawn,
    requestedBy,
    reason,
    number,
    auditHead,
  } = order
  const taken = Object.entries(argsFrom ?? {}).map(([argument, fact]) => `${argument} = what the signal calls ${fact}`)
  const rows = {
    ...{
      order: `${name}, number ${number}`,
      does: isWithdrawn ? 'nothing any more: this ends it' : `${verb} (risk: ${risk ?? 'unknown'})`,
    },
    arguments: [JSON.stringify(args), ...taken].join(', '),
    machines: `of the organisation ${organisationId}${role ? `, of the role ${role}` : ''}: ${endpoints?.join(', ') ?? 'all of them, also those that come later'}`,
    ...{ when: whenInWords(order), 'at most': `${mostRuns} times on each`, until: new Date(endsAt).toISOString() },
    ...{ audit: auditHead === undefined ? 'no head' : `stood at ${auditHead}`, 'asked by': `${requestedBy}: ${reason}` },
  }
  return Object.entries(rows)
    .map(([what, value]) => `    ${what.padEnd(11)}${value}\n`)
    .join('')
}
