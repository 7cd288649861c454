import { z } from 'zod'
import { powersToDecide } from '#shared/api/commands.ts'
import type { HeldAnswer } from '#shared/domain/command.ts'
import { mustBeDone } from '../desk-outcome.ts'
import { demandPower } from '../guard.ts'
import type { Needs } from '../needs.ts'
import { found } from '../reads/found.ts'
import { defineRoute, type Route } from '../route.ts'
import { actorIn } from './tickets.ts'

const summaries: Record<HeldAnswer, string> = {
  send: 'Ask anew for a command that a restore holds; it goes out signed, with its whole time',
  drop: 'End a command that a restore holds, unsent',
}

export default function commands({ held }: Needs): Route[] {
  const decide = (answer: HeldAnswer): Route =>
    defineRoute({
      method: 'POST',
      path: `/api/commands/:id/${answer}`,
      summary: summaries[answer],
      access: { who: 'person', power: 'isolate', reach: 'organisation' },
      names: { 'params.id': 'command' },
      action: `command.${answer}`,
      params: z.object({ id: z.string().max(64) }),
      answer: z.void(),
      status: 204,
      handle: async ({ params, by, subject }) => {
        const { verb } = found('command', await by.view.commands().select('verb').where('id', '=', params.id).executeTakeFirst())
        for (const power of powersToDecide(verb)) demandPower({ who: 'person', power, reach: 'organisation' }, by, subject)
        mustBeDone(await held.decide({ commandId: params.id, answer, person: actorIn(by) }))
      },
    })
  return [decide('send'), decide('drop')]
}
