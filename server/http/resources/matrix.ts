import { MatrixView } from '#shared/api/administration.ts'
import { found } from '../reads/found.ts'
import { defineRoute, type Route } from '../route.ts'

export default function matrix(): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/matrix',
      summary: 'The escalation matrix that decides now',
      access: { who: 'person', power: null, reach: 'provider' },
      answer: MatrixView,
      handle: async ({ by }) => {
        const newest = await by.view.matrixVersions().selectAll().orderBy('version', 'desc').executeTakeFirst()
        const { version, yaml, created_at } = found('matrix', newest)
        return { version, yaml, createdAt: created_at }
      },
    }),
  ]
}
