import { AuditHeadView, AuditList, AuditQuery, AuditVerdict, VerifyAudit } from '#shared/api/administration.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { readAudit } from '../reads/audit.ts'
import { defineRoute, type Route } from '../route.ts'

const ofProvider = { who: 'person', power: 'administer', reach: 'provider' } as const

export default function audit({ auditBook }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/audit/head',
      summary: 'The head of the audit, and when one last left this machine',
      access: ofProvider,
      answer: AuditHeadView,
      handle: () => auditBook.head(),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/audit/verify',
      summary: 'Whether the audit is what it was, by heads that were kept elsewhere; without one, whether it is consistent in itself',
      access: ofProvider,
      action: null,
      body: VerifyAudit,
      answer: AuditVerdict,
      handle: async ({ body }) => {
        const verdict = await auditBook.verify(body.heads)
        if (!verdict) throw refuse('refused', 'A head is written NUMBER:HASH, with 64 hexadecimal digits, as it was given.')
        return verdict
      },
    }),
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
