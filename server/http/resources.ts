import type { Needs } from './needs.ts'
import audit from './resources/audit.ts'
import browserKey from './resources/browser-key.ts'
import bulk from './resources/bulk.ts'
import commands from './resources/commands.ts'
import endpoints from './resources/endpoints.ts'
import enrolmentTokens from './resources/enrolment-tokens.ts'
import figures from './resources/figures.ts'
import live from './resources/live.ts'
import mails from './resources/mails.ts'
import maintenance from './resources/maintenance.ts'
import matrix from './resources/matrix.ts'
import noise from './resources/noise.ts'
import ocsf from './resources/ocsf.ts'
import organisations from './resources/organisations.ts'
import people from './resources/people.ts'
import policy from './resources/policy.ts'
import receivers from './resources/receivers.ts'
import requests from './resources/requests.ts'
import restored from './resources/restored.ts'
import rosters from './resources/rosters.ts'
import scripts from './resources/scripts.ts'
import session from './resources/session.ts'
import sigmaRules from './resources/sigma-rules.ts'
import signals from './resources/signals.ts'
import signing from './resources/signing.ts'
import software from './resources/software.ts'
import sources from './resources/sources.ts'
import standing from './resources/standing.ts'
import stop from './resources/stop.ts'
import tickets from './resources/tickets.ts'
import tokens from './resources/tokens.ts'
import type { Route } from './route.ts'

const resources = [
  session,
  tickets,
  requests,
  figures,
  endpoints,
  sigmaRules,
  software,
  policy,
  commands,
  signing,
  browserKey,
  bulk,
  standing,
  scripts,
  enrolmentTokens,
  organisations,
  ocsf,
  people,
  tokens,
  sources,
  signals,
  receivers,
  rosters,
  stop,
  maintenance,
  noise,
  matrix,
  restored,
  mails,
  audit,
  live,
]

/** The whole API, one file in `resources/` each. A new one is added here, where a bundle finds it too. */
export function routesOf(needs: Needs): Route[] {
  return resources.flatMap((resource) => resource(needs))
}
