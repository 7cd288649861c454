import { SigmaRuleList, SigmaRuleQuery } from '#shared/api/sigma-rules.ts'
import type { Needs } from '../needs.ts'
import { readSigmaRules } from '../reads/sigma-rules.ts'
import { defineRoute, type Route } from '../route.ts'

export default function sigmaRules({ matrices }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/sigma-rules',
      summary: 'Sigma rules that machines watch: which speak their own level, and what the others lack',
      access: { who: 'person', power: null, reach: 'provider' },
      query: SigmaRuleQuery,
      answer: SigmaRuleList,
      handle: async ({ query, by }) => {
        const { over: _, ...needs } = matrices.rules.matrix.sigmaRules
        return { ...(await readSigmaRules(by.view, query)), needs }
      },
    }),
  ]
}
