import { z } from 'zod'
import {
  ApiTokenList,
  ApiTokenMade,
  AuditHeadView,
  AuditList,
  AuditVerdict,
  LivePreview,
  MatrixView,
  type NewApiToken,
  type NewPerson,
  type NewReceiver,
  type NewSource,
  type OrganisationChange,
  OrganisationList,
  PersonList,
  ReceiverList,
  ReceiverMade,
  SourceList,
  SourceMade,
} from '#shared/api/administration.ts'
import { EnrolmentTokenMade, type NewEnrolmentToken } from '#shared/api/endpoints.ts'
import { Restored } from '#shared/api/restored.ts'
import type { Call } from './call.ts'

const Ignored = z.unknown()

/** The routes for those who administer. */
export function createAdministration(call: Call) {
  const read = <T>(path: string, answer: z.ZodType<T>, stop?: AbortSignal) => call(path, answer, stop ? { stop } : {})
  const make = <T>(path: string, answer: z.ZodType<T>, body: unknown) =>
    call(path, answer, { method: 'POST', body, idempotencyKey: crypto.randomUUID() })
  const end = (path: string, id: string) => call(`${path}/${encodeURIComponent(id)}`, Ignored, { method: 'DELETE' })

  return {
    organisations: (stop?: AbortSignal) => read('/organisations', OrganisationList, stop),
    changeOrganisation: (id: string, body: z.input<typeof OrganisationChange>) =>
      call(`/organisations/${encodeURIComponent(id)}`, Ignored, { method: 'PATCH', body }),
    preview: (id: string, stop?: AbortSignal) => read(`/organisations/${encodeURIComponent(id)}/preview`, LivePreview, stop),
    makeEnrolmentToken: (body: z.input<typeof NewEnrolmentToken>) => make('/enrolment-tokens', EnrolmentTokenMade, body),

    people: (stop?: AbortSignal) => read('/people', PersonList, stop),
    addPerson: (body: z.input<typeof NewPerson>) => make('/people', Ignored, body),
    disablePerson: (id: string) => end('/people', id),

    tokens: (stop?: AbortSignal) => read('/tokens', ApiTokenList, stop),
    makeToken: (body: z.input<typeof NewApiToken>) => make('/tokens', ApiTokenMade, body),
    revokeToken: (id: string) => end('/tokens', id),

    sources: (stop?: AbortSignal) => read('/sources', SourceList, stop),
    makeSource: (body: z.input<typeof NewSource>) => make('/sources', SourceMade, body),
    revokeSource: (id: string) => end('/sources', id),

    receivers: (stop?: AbortSignal) => read('/receivers', ReceiverList, stop),
    addReceiver: (body: z.input<typeof NewReceiver>) => make('/receivers', ReceiverMade, body),
    endReceiver: (id: string) => end('/receivers', id),

    auditHead: (stop?: AbortSignal) => read('/audit/head', AuditHeadView, stop),
    verifyAudit: (heads: string[]) => call('/audit/verify', AuditVerdict, { method: 'POST', body: { heads } }),

    restored: (stop?: AbortSignal) => read('/restored', Restored, stop),
    adopt: (endpointId: string, organisationId: string) =>
      call(`/restored/endpoints/${encodeURIComponent(endpointId)}/adopt`, Ignored, { method: 'POST', body: { organisationId } }),
    confirmToken: (id: string) => call(`/restored/tokens/${encodeURIComponent(id)}/confirm`, Ignored, { method: 'POST' }),
    confirmSource: (id: string) => call(`/restored/sources/${encodeURIComponent(id)}/confirm`, Ignored, { method: 'POST' }),

    matrix: (stop?: AbortSignal) => read('/matrix', MatrixView, stop),
    /** @param before id of the oldest line that one has; the newest lines when absent. */
    audit: (before: string | undefined, stop?: AbortSignal) =>
      read(before === undefined ? '/audit' : `/audit?before=${encodeURIComponent(before)}`, AuditList, stop),
  }
}
