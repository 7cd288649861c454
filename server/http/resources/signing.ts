import { z } from 'zod'
import {
  CommandAsked,
  NewCommand,
  NewSignature,
  powersToAsk,
  SignatureAnswer,
  UnsignedCommands,
  UnsignedQuery,
} from '#shared/api/commands.ts'
import { NamedScript } from '#shared/api/scripts.ts'
import { commands } from '#shared/commands/registry.ts'
import { minutes } from '#shared/domain/time.ts'
import { firstIssue } from '#shared/protocol/envelope.ts'
import type { Caller } from '../../people/caller.ts'
import { mustBeDone } from '../desk-outcome.ts'
import { demandPower } from '../guard.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { found } from '../reads/found.ts'
import { readUnsigned } from '../reads/unsigned.ts'
import { defineRoute, type Route } from '../route.ts'
import type { View } from '../view.ts'
import { demandOwnKey } from './browser-key.ts'
import { actorIn } from './tickets.ts'

const id = z.object({ id: z.string().max(64) })
/** Their rules are the desk's. */
const ownDoors = new Set(['isolate-host', 'release-host', 'keep-standing-order'])

/** What people ask of machines, and the signatures of operators on it. The signature is the power; who carries it here needs little. */
export default function signing({ signing, scripts, time, people, identity }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/commands/unsigned',
      summary: 'Commands that wait for signatures of operators, oldest first, as the bytes to sign',
      access: { who: 'person', power: 'work-tickets', reach: 'organisation' },
      answer: UnsignedCommands,
      query: UnsignedQuery,
      handle: ({ query, by }) => readUnsigned(by.view, signing.shown, query),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/commands/:id/signatures',
      summary: 'Hand in an operator’s signature on a command that waits for it',
      access: { who: 'person', power: 'work-tickets', reach: 'organisation' },
      names: { 'params.id': 'command' },
      action: 'command.sign',
      params: id,
      body: NewSignature,
      answer: SignatureAnswer,
      handle: async ({ params, body, by }) => {
        await demandOwnKey({ people, identity }, body.jws, by)
        const signed = await signing.add(params.id, body.jws, actorIn(by))
        if (signed.kind === 'refused') throw refuse('refused', signed.reason)
        return { status: signed.kind, signed: signed.signed, needed: signed.needed }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/endpoints/:id/commands',
      summary: 'Ask a machine to do something of the library; what is more than protective waits for operators, where there are any',
      access: { who: 'person', power: 'work-tickets', reach: 'organisation' },
      names: { 'params.id': 'endpoint', 'body.ticketId': 'ticket' },
      action: 'command.ask',
      creates: 'thing',
      params: id,
      body: NewCommand,
      answer: CommandAsked,
      status: 202,
      handle: async ({ params, body, by, subject }) => {
        const definition = ownDoors.has(body.verb) ? undefined : commands.get(body.verb)
        if (!definition) throw refuse('refused', `There is no command "${body.verb}" that can be asked for here.`)
        const named = body.verb === 'run-script' ? NamedScript.safeParse(body.args).data : undefined
        const given = named ? await ofLibrary(scripts, await platformOf(by.view, params.id), named) : body.args
        const args = definition.args.safeParse(given)
        if (!args.success) throw refuse('refused', `args.${firstIssue(args.error)}`)
        // What was reviewed asks for no more than a restart does.
        for (const power of powersToAsk(named ? 'reboot' : body.verb, subject.role))
          demandPower({ who: 'person', power, reach: 'organisation' }, by, subject)
        if (definition.risk === 'high') demandFreshSignIn(by.caller, time.now())
        const { verb, reason, ticketId = null } = body
        const asked = await signing.ask({ verb, args: given, reason, ticketId, endpointId: params.id, person: actorIn(by) })
        mustBeDone(asked.outcome)
        return { id: asked.id }
      },
    }),
  ]
}

/** The text goes with the command, so that it is what gets signed. */
export async function ofLibrary(scripts: Needs['scripts'], platform: Platform, named: NamedScript): Promise<Record<string, unknown>> {
  const resolved = await scripts.resolve(named, platform)
  if (resolved.kind === 'refused') throw refuse('refused', resolved.reason)
  return resolved.args
}

type Platform = Parameters<Needs['scripts']['resolve']>[1]

async function platformOf(view: View, endpointId: string): Promise<Platform> {
  const row = view.endpoints().select('platform').where('endpoints.id', '=', endpointId)
  return found('endpoint', await row.executeTakeFirst()).platform
}

/** What is risky is asked for by a person who is here: a session left open, or stolen, is no sign-in. */
const freshMs = minutes(15)

export function demandFreshSignIn({ signedInAt }: Caller, now: number): void {
  if (signedInAt !== null && now - signedInAt <= freshMs) return
  throw refuse('sign-in-again', 'This is of high risk: sign out, sign in again, and ask within 15 minutes.')
}
