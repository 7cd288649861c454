import { z } from 'zod'
import { type DropMail, HeldMails, type TakeMail } from '#shared/api/mails.ts'
import { type PutRequester, RequesterList } from '#shared/api/requests.ts'
import {
  type NewAbsence,
  type NewOverride,
  type NewRotation,
  type NewShift,
  type PersonWork,
  RosterPlan,
  TeamList,
} from '#shared/api/rosters.ts'
import { type NewScript, ScriptList } from '#shared/api/scripts.ts'
import type { Call } from './call.ts'

const Ignored = z.unknown()

/** The routes for who works, and for who asks. */
export function createStaff(call: Call) {
  const read = <T>(path: string, answer: z.ZodType<T>, stop?: AbortSignal) => call(path, answer, stop ? { stop } : {})
  const make = (path: string, body: unknown) => call(path, Ignored, { method: 'POST', body, idempotencyKey: crypto.randomUUID() })
  const end = (path: string, id: string) => call(`${path}/${encodeURIComponent(id)}`, Ignored, { method: 'DELETE' })
  const person = (id: string) => `/people/${encodeURIComponent(id)}`

  return {
    teams: (stop?: AbortSignal) => read('/teams', TeamList, stop),
    rosters: (stop?: AbortSignal) => read('/rosters', RosterPlan, stop),
    addShift: (body: z.input<typeof NewShift>) => make('/shifts', body),
    removeShift: (id: string) => end('/shifts', id),
    addRotation: (body: z.input<typeof NewRotation>) => make('/rotations', body),
    removeRotation: (id: string) => end('/rotations', id),
    addOverride: (body: z.input<typeof NewOverride>) => make('/on-call-overrides', body),
    removeOverride: (id: string) => end('/on-call-overrides', id),
    describePerson: (id: string, body: z.input<typeof PersonWork>) => call(person(id), Ignored, { method: 'PATCH', body }),
    sendAway: (id: string, body: z.input<typeof NewAbsence>) => make(`${person(id)}/away`, body),
    bringBack: (id: string) => call(`${person(id)}/away`, Ignored, { method: 'DELETE' }),

    scripts: (stop?: AbortSignal) => read('/scripts', ScriptList, stop),
    writeScript: (body: NewScript) => make('/scripts', body),
    reviewScript: (id: string, sha256: string) =>
      call(`/scripts/${encodeURIComponent(id)}/review`, Ignored, { method: 'POST', body: { sha256 } }),
    retireScript: (id: string) => end('/scripts', id),

    mails: (stop?: AbortSignal) => read('/mails', HeldMails, stop),
    takeMail: (body: z.input<typeof TakeMail>) => call('/mails/take', Ignored, { method: 'POST', body }),
    dropMail: (body: z.input<typeof DropMail>) => call('/mails/drop', Ignored, { method: 'POST', body }),
    requesters: (stop?: AbortSignal) => read('/requesters', RequesterList, stop),
    putRequester: (body: z.input<typeof PutRequester>) => call('/requesters', Ignored, { method: 'POST', body }),
  }
}
