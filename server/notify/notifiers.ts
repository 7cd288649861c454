import type { Notifier } from './notifier.ts'
import email from './notifiers/email.ts'
import heartbeat from './notifiers/heartbeat.ts'
import ntfy from './notifiers/ntfy.ts'
import pagerduty from './notifiers/pagerduty.ts'
import slack from './notifiers/slack.ts'
import teams from './notifiers/teams.ts'
import webhook from './notifiers/webhook.ts'

/** One file in `notifiers/` each. A new one is named here, where a bundle finds it too. */
export const notifiers: readonly Notifier[] = [webhook, email, slack, teams, ntfy, pagerduty, heartbeat]
