import { z } from 'zod'
import { MatrixView } from '#shared/api/administration.ts'
import { MatrixChecked, MatrixKept, type MatrixRemark, MatrixVersionList, NewMatrix, Replanned } from '#shared/api/matrix.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { found } from '../reads/found.ts'
import { actorName } from '../reads/tickets.ts'
import { defineRoute, type Route } from '../route.ts'

const reading = { who: 'person', power: null, reach: 'provider' } as const
const administering = { who: 'person', power: 'administer', reach: 'provider' } as const

export default function matrix({ matrices, desk }: Needs): Route[] {
  return [...versions, ...putting(matrices), replanning(desk)]
}

const versions: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/matrix',
    summary: 'The escalation matrix that decides now',
    access: reading,
    answer: MatrixView,
    handle: async ({ by }) => {
      const newest = await by.view.matrixVersions().selectAll().orderBy('version', 'desc').executeTakeFirst()
      return viewOf(found('matrix', newest))
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/matrix/versions',
    summary: 'Every version there was, and who put it in force',
    access: reading,
    answer: MatrixVersionList,
    handle: async ({ by }) => {
      const rows = await by.view.matrixVersions().select(['version', 'author', 'created_at']).orderBy('version', 'desc').execute()
      const names = await by.view.namesOf([...new Set(rows.map(({ author }) => author))])
      return {
        versions: rows.map(({ version, author, created_at }) => ({ version, author: actorName(author, names), createdAt: created_at })),
      }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/matrix/versions/:version',
    summary: 'One version, as tickets remember it',
    access: reading,
    params: z.object({ version: z.coerce.number().int().positive() }),
    answer: MatrixView,
    handle: async ({ params, by }) => {
      const row = await by.view.matrixVersions().selectAll().where('version', '=', params.version).executeTakeFirst()
      return viewOf(found('matrix', row))
    },
  }),
]

const viewOf = ({ version, yaml, created_at }: { version: number; yaml: string; created_at: number }) => ({
  version,
  yaml,
  createdAt: created_at,
})

function putting(matrices: Needs['matrices']): Route[] {
  return [
    defineRoute({
      method: 'PUT',
      path: '/api/matrix',
      summary: 'Put a new version in force; tickets that are open keep the plan they opened under',
      access: administering,
      action: 'matrix.put',
      body: NewMatrix,
      answer: MatrixKept,
      handle: async ({ body, by }) => {
        const outcome = await matrices.put(body.yaml, by.caller.personId, by.record)
        if (outcome.kind === 'refused') throw refuse('refused', outcome.reason)
        if (outcome.kind === 'bad') throw badMatrix(outcome.problems)
        return { version: outcome.matrix.version, warnings: outcome.warnings }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/matrix/check',
      summary: 'What is wrong with a matrix, without putting it in force',
      access: administering,
      action: null,
      body: NewMatrix,
      answer: MatrixChecked,
      handle: async ({ body }) => matrices.check(body.yaml),
    }),
  ]
}

function replanning(desk: Needs['desk']): Route {
  return defineRoute({
    method: 'POST',
    path: '/api/matrix/replan',
    summary: 'Let open tickets take over the promises and time-boxes of the matrix in force',
    access: administering,
    action: 'matrix.replan',
    answer: Replanned,
    handle: async ({ by }) => ({ tickets: await desk.replan(by.record) }),
  })
}

const badMatrix = (errors: MatrixRemark[]) =>
  refuse('invalid-input', 'This matrix is not in force: mend the lines that `errors` names.', {
    errors: errors.map(({ line, column, path, reason }) => ({ field: `yaml:${line}:${column}`, message: `${path}: ${reason}` })),
  })
