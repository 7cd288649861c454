import { z } from 'zod'
import { NewScript, Script, ScriptList, ScriptReview } from '#shared/api/scripts.ts'
import type { ScriptsTable } from '../../store/tables/script.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { actorName } from '../reads/tickets.ts'
import { defineRoute, type Route } from '../route.ts'

const named = z.object({ script: z.string().max(64) })
/** They run for every customer, so they are the provider's. */
const access = { who: 'person', power: 'isolate', reach: 'provider' } as const

/** The library of scripts: written by one person, reviewed by another, asked for by name or hash. */
export default function scripts({ scripts }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/scripts',
      summary: 'The library of scripts, the newest first, with who wrote and who reviewed each',
      access: { who: 'person', power: 'work-tickets', reach: 'provider' },
      answer: ScriptList,
      handle: async ({ by }) => {
        const rows = await scripts.list()
        const names = await by.view.namesOf([
          ...new Set(rows.flatMap(({ written_by, reviewed_by }) => [written_by, reviewed_by ?? []].flat())),
        ])
        return { scripts: rows.map((row) => shown(row, names)) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/scripts',
      summary: 'Put a script into the library; it waits for its review',
      access,
      action: 'script.write',
      creates: 'thing',
      body: NewScript,
      answer: z.object({ id: z.string() }),
      status: 201,
      handle: async ({ body, by }) => ({ id: await scripts.write({ ...body, personId: by.caller.personId }, by.record) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/scripts/:script/review',
      summary: 'Say that you read a script that somebody else wrote, by the hash of what you read',
      access,
      action: 'script.review',
      params: named,
      body: ScriptReview,
      answer: z.void(),
      status: 204,
      handle: async ({ params, body, by }) => {
        const reviewed = await scripts.review(params.script, body.sha256, by.caller.personId, by.record)
        if (reviewed.kind === 'refused') throw refuse('refused', reviewed.reason)
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/scripts/:script',
      summary: 'Retire a script: nobody can ask for it any more',
      access,
      action: 'script.retire',
      params: named,
      answer: z.void(),
      status: 204,
      handle: async ({ params, by }) => {
        if (!(await scripts.retire(params.script, by.record))) throw refuse('not-found', 'There is no such script.')
      },
    }),
  ]
}

function shown(row: ScriptsTable, names: Map<string, string>): Script {
  return {
    ...{ id: row.id, name: row.name, sha256: row.sha256, interpreter: Script.shape.interpreter.parse(row.interpreter), text: row.body },
    platforms: Script.shape.platforms.parse(JSON.parse(row.platforms)),
    ...{ writtenBy: actorName(row.written_by, names), writtenAt: row.written_at, reviewedAt: row.reviewed_at },
    reviewedBy: row.reviewed_by === null ? null : actorName(row.reviewed_by, names),
    isSelfReviewed: row.reviewed_by === row.written_by,
  }
}
