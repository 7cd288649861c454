import { open } from 'node:fs/promises'
import { z } from 'zod'
import { CommandDetail, FoundCommand, powersToAsk, ScriptsSwitch } from '#shared/api/commands.ts'
import { commands as definitions } from '#shared/commands/registry.ts'
import type { HeldAnswer } from '#shared/domain/command.ts'
import { mustBeDone } from '../desk-outcome.ts'
import { demandPower } from '../guard.ts'
import type { Needs } from '../needs.ts'
import { readCommand } from '../reads/command.ts'
import { found } from '../reads/found.ts'
import { defineRoute, type Route } from '../route.ts'
import { demandFreshSignIn } from './signing.ts'
import { actorIn } from './tickets.ts'

const summaries: Record<HeldAnswer, string> = {
  send: 'Ask anew for a command that is held, by a restore or since its machine is core; it goes out signed, with its whole time',
  drop: 'End a command that is held, unsent',
}

const byId = z.object({ id: z.string().max(64) })

export default function commands({ held, signing, archives, time }: Needs): Route[] {
  const decide = (answer: HeldAnswer): Route =>
    defineRoute({
      method: 'POST',
      path: `/api/commands/:id/${answer}`,
      summary: summaries[answer],
      access: { who: 'person', power: 'work-tickets', reach: 'organisation' },
      names: { 'params.id': 'command' },
      action: `command.${answer}`,
      params: byId,
      answer: z.void(),
      status: 204,
      handle: async ({ params, by, subject }) => {
        const { verb } = found('command', await by.view.commands().select('verb').where('id', '=', params.id).executeTakeFirst())
        for (const power of powersToAsk(verb, subject.role)) demandPower({ who: 'person', power, reach: 'organisation' }, by, subject)
        if (answer === 'send' && definitions.get(verb)?.risk === 'high') demandFreshSignIn(by.caller, time.now())
        mustBeDone(await held.decide({ commandId: params.id, answer, person: actorIn(by) }))
      },
    })
  return [decide('send'), decide('drop'), detail(signing), findOut(signing), switchScripts(signing), archive(archives)]
}

const detail = ({ liveOf }: Needs['signing']): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/commands/:id',
    summary: 'One command: its life, what it writes while it runs, its result',
    access: { who: 'person', power: 'work-tickets', reach: 'organisation' },
    names: { 'params.id': 'command' },
    action: 'command.view',
    params: byId,
    answer: CommandDetail,
    handle: async ({ params, by }) => found('command', await readCommand(by.view, params.id, liveOf(params.id) ?? null)),
  })

const findOut = ({ find }: Needs['signing']): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/commands/:id/outcome',
    summary: 'Say what became of a command whose outcome is unknown',
    access: { who: 'person', power: 'work-tickets', reach: 'organisation' },
    names: { 'params.id': 'command' },
    action: 'command.outcome',
    params: byId,
    body: FoundCommand,
    answer: z.void(),
    status: 204,
    handle: async ({ params, body, by }) => mustBeDone(await find({ commandId: params.id, ...body, person: actorIn(by) })),
  })

const switchScripts = ({ switchScripts }: Needs['signing']): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/organisations/:id/scripts',
    summary: 'Let scripts run on their machines, or none; what is against an attack always runs',
    access: { who: 'person', power: 'administer', reach: 'organisation' },
    names: { 'params.id': 'organisation' },
    action: 'organisation.scripts',
    params: byId,
    body: ScriptsSwitch,
    answer: z.void(),
    status: 204,
    handle: ({ params, body, by }) => switchScripts(params.id, body.isOff, by.record),
  })

/** Who looked is written down before anything is shown. */
const archive = ({ file }: Needs['archives']): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/commands/:id/archive',
    summary: 'The file that a command brought, such as diagnostics, as a .tar.gz',
    access: { who: 'person', power: 'work-tickets', reach: 'organisation' },
    names: { 'params.id': 'command' },
    action: 'archive.view',
    params: byId,
    answer: z.unknown(),
    handle: async ({ params, by, reply }) => {
      const complete = by.view.archives().select('id').where('id', '=', params.id).where('completed_at', 'is not', null)
      const { id } = found('archive', await complete.executeTakeFirst())
      // Opened before anybody is told of it: a stream that fails while nobody listens would end the process.
      const handle = found('archive', await open(file(id)).catch(absent))
      reply.header('content-type', 'application/gzip').header('content-disposition', `attachment; filename="${id}.tar.gz"`)
      const stream = handle.createReadStream()
      reply.raw.once('close', () => stream.destroy())
      return stream
    },
  })

/** A restored collector knows of archives whose files are not in its backup. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
