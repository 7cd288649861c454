import { AuditList, AuditQuery } from '#shared/api/administration.ts'
import { readAudit } from '../reads/audit.ts'
import { defineRoute, type Route } from '../route.ts'

export default function audit(): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/audit',
      summary: 'Who did what to which thing, the newest first',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      query: AuditQuery,
      answer: AuditList,
      handle: ({ query, by }) => readAudit(by.view, query),
    }),
  ]
}
