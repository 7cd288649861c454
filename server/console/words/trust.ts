import type { z } from 'zod'
import type { Session } from '#shared/api/session.ts'

/** Whose word the machines take, for every page. */
export function trustInWords({ by, operators }: z.output<typeof Session>['trust']): string {
  if (by === 'collector') return 'trust: collector. Machines do whatever this collector signs; whoever runs it commands them all.'
  if (operators === 0) return 'trust: operators. Nobody is one: only what protects machines runs.'
  if (operators === 1) return 'trust: operators. One operator only: one signature is enough for what is risky.'
  return `trust: operators. ${operators} people sign what is more than protective.`
}
