import { EnrolmentTokenMade, NewEnrolmentToken } from '#shared/api/endpoints.ts'
import { minutes } from '#shared/domain/time.ts'
import type { Needs } from '../needs.ts'
import { defineRoute, type Route } from '../route.ts'

export default function enrolmentTokens({ identity, agentsUrl }: Needs): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/enrolment-tokens',
      summary: 'Make a token that enrols one machine, once',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      names: { 'body.organisationId': 'organisation', 'body.siteId': 'site' },
      action: 'enrolment-token.create',
      creates: 'secret',
      body: NewEnrolmentToken,
      answer: EnrolmentTokenMade,
      status: 201,
      handle: async ({ body, by }) => {
        const { organisationId, siteId, role, isNew, ttlMinutes } = body
        const wanted = {
          ...{ organisationId, isNew },
          ...(siteId !== undefined && { siteId }),
          ...(role !== undefined && { role }),
          createdBy: by.caller.personId,
          ttlMs: minutes(ttlMinutes),
          collectorUrl: agentsUrl,
        }
        const made = await identity.createToken(wanted, by.record)
        return { ...made, line: enrolLine(made.token), warning: isLoopback(agentsUrl) ? onlyHere : null }
      },
    }),
  ]
}

/** What to type in a clone of the project; the token goes in by stdin, so no process list shows it. */
const enrolLine = (token: string): string => `echo ${token} | npm run -s agent -- enrol && npm run -s agent -- run`

const isLoopback = (url: string): boolean => /^(localhost|\[::1\]|127\..*)$/.test(new URL(url).hostname)
const onlyHere =
  'This collector listens on this machine only, so no other one can reach it. Start it with --listen 0.0.0.0 and --public-url, then make a new token.'
