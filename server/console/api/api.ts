import { z } from 'zod'
import { CommandDetail, type FoundCommand } from '#shared/api/commands.ts'
import { CommandList, EndpointDetail, EndpointList, type EndpointRelease, SampleList } from '#shared/api/endpoints.ts'
import { type CallNoise, NoisePreview, type NoisePreviewQuery } from '#shared/api/noise.ts'
import { EndpointPolicy } from '#shared/api/policy.ts'
import { type PasswordChange, Session, type SignIn } from '#shared/api/session.ts'
import { SoftwareList } from '#shared/api/software.ts'
import {
  type Children,
  type Comment,
  type DecideFound,
  type Escalate,
  type FalseAlarm,
  type NewTicket,
  type Release,
  type Resolve,
  TicketDetail,
  TicketList,
  type TicketQuery,
  type Wait,
} from '#shared/api/tickets.ts'
import type { HeldAnswer } from '#shared/domain/command.ts'
import type { Role } from '#shared/domain/endpoint.ts'
import { createAdministration } from './administration.ts'
import { createBulk } from './bulk.ts'
import type { Call } from './call.ts'
import { paged } from './paged.ts'
import { createQuiet } from './quiet.ts'
import { createSigning } from './signing.ts'
import { createStaff } from './staff.ts'
import { createStanding } from './standing.ts'

const Ignored = z.unknown()

/** For many machines at once, and for what they do by themselves. */
const createOrders = (call: Call) => ({ ...createBulk(call), ...createStanding(call) })

const endpointPath = (id: string) => `/endpoints/${encodeURIComponent(id)}`

const aboutMachine = (call: Call) => ({
  endpointPolicy: (id: string, stop?: AbortSignal) => call(`${endpointPath(id)}/policy`, EndpointPolicy, stop ? { stop } : {}),
  endpointSoftware: (id: string, stop?: AbortSignal) => call(`${endpointPath(id)}/software`, SoftwareList, stop ? { stop } : {}),
})

/** Every route of the collector that the console uses, one function each. */
export function createApi(call: Call) {
  const post = (path: string, body: unknown) => call(path, Ignored, { method: 'POST', body })
  const change = <Body extends { version: number }>(ticketId: string, verb: string, body: Body) =>
    post(`/tickets/${encodeURIComponent(ticketId)}/${verb}`, body)

  return {
    session: (stop?: AbortSignal) => call('/session', Session, stop ? { stop } : {}),
    signIn: (body: SignIn) => call('/session', Session, { method: 'POST', body }),
    changePassword: (body: PasswordChange) => post('/session/password', body),
    signOut: () => call('/session', Ignored, { method: 'DELETE' }),

    tickets: (query: Partial<z.infer<typeof TicketQuery>>, stop?: AbortSignal) =>
      call(`/tickets?${new URLSearchParams(asText(query))}`, TicketList, stop ? { stop } : {}),
    ticket: (id: string, stop?: AbortSignal) => call(`/tickets/${encodeURIComponent(id)}`, TicketDetail, stop ? { stop } : {}),
    createTicket: (body: z.input<typeof NewTicket>) =>
      call('/tickets', TicketDetail, { method: 'POST', body, idempotencyKey: crypto.randomUUID() }),
    acknowledge: (id: string, version: number) => change(id, 'acknowledge', { version }),
    comment: (id: string, body: z.input<typeof Comment>) => change(id, 'comments', body),
    resolve: (id: string, body: z.infer<typeof Resolve>) => change(id, 'resolve', body),
    noise: (id: string, query: z.input<typeof NoisePreviewQuery>, stop?: AbortSignal) =>
      call(`/tickets/${encodeURIComponent(id)}/noise?${new URLSearchParams(asText(query))}`, NoisePreview, stop ? { stop } : {}),
    callNoise: (id: string, body: z.input<typeof CallNoise>) => change(id, 'noise', body),
    escalate: (id: string, body: z.input<typeof Escalate>) => change(id, 'escalate', body),
    callSecurity: (id: string, version: number) => change(id, 'security', { version }),
    wait: (id: string, body: z.input<typeof Wait>) => change(id, 'wait', body),
    goOn: (id: string, verb: 'resume' | 'reopen', version: number) => change(id, verb, { version }),
    actOnChildren: (id: string, body: z.input<typeof Children>) => change(id, 'children', body),
    contain: (id: string, verb: 'isolate' | 'leave', body: { version: number; reason: string }) => change(id, verb, body),
    decideFound: (id: string, body: z.input<typeof DecideFound>) => change(id, 'found', body),
    release: (id: string, body: z.input<typeof Release>) => change(id, 'release', body),
    falseAlarm: (id: string, body: z.input<typeof FalseAlarm>) => change(id, 'false-alarm', body),

    decideHeld: (id: string, answer: HeldAnswer) => call(`/commands/${encodeURIComponent(id)}/${answer}`, Ignored, { method: 'POST' }),

    command: (id: string, stop?: AbortSignal) => call(`/commands/${encodeURIComponent(id)}`, CommandDetail, stop ? { stop } : {}),
    findOutcome: (id: string, body: FoundCommand) => post(`/commands/${encodeURIComponent(id)}/outcome`, body),

    endpoints: (stop?: AbortSignal) => call('/endpoints', EndpointList, stop ? { stop } : {}),
    endpoint: (id: string, stop?: AbortSignal) => call(endpointPath(id), EndpointDetail, stop ? { stop } : {}),
    commandsOf: (id: string, before: string, stop?: AbortSignal) =>
      call(paged(`${endpointPath(id)}/commands`, { before }), CommandList, stop ? { stop } : {}),
    ...aboutMachine(call),
    samples: (id: string, from: number, to: number, stop?: AbortSignal) =>
      call(`${endpointPath(id)}/samples?from=${from}&to=${to}`, SampleList, stop ? { stop } : {}),
    isolateEndpoint: (id: string, reason: string) => post(`${endpointPath(id)}/isolate`, { reason }),
    releaseEndpoint: (id: string, body: z.input<typeof EndpointRelease>) => post(`${endpointPath(id)}/release`, body),
    confirmRole: (id: string, role: Exclude<Role, 'unknown'> | null) =>
      call(endpointPath(id), Ignored, { method: 'PATCH', body: { role } }),
    revoke: (id: string) => call(endpointPath(id), Ignored, { method: 'DELETE' }),

    ...createAdministration(call),
    ...createQuiet(call),
    ...createStaff(call),
    ...createOrders(call),
    ...createSigning(call),
  }
}

export type Api = ReturnType<typeof createApi>

function asText(query: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  )
}
