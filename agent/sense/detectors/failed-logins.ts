import { sentenceOf } from '#shared/domain/fault.ts'
import type { Probe, Stop } from '../../host/probe.ts'
import { defineDetector, type Unsupported, type WatchContext } from '../define-detector.ts'
import { LogonJudge } from '../logon/judge.ts'

/*
 * security.logon.bruteforce, .spray and .success-after-failures, from sshd's, PAM's and vsftpd's lines in the auth log or
 * the journal. From one source, 10 failures in a minute or 30 in ten minutes are no person; 6 in ten seconds are the same
 * rate seen sooner, and what CrowdSec's scenarios (auth-logs) call an attack. Slower, but five names within ten minutes:
 * a spray. High when the source is one of ours or it is a spray, else medium: the internet knocks on every open door all
 * day, and is one trouble per endpoint. Ten failures and then a success are high, unless it is a machine of ours under
 * one or two names: somebody who remembered the password. The alert-rules have none for this. An attack is said when it
 * is seen, and again every ten minutes while it goes on, with the counts of the last ten minutes. Threat: lines are text
 * from attackers, so patterns are anchored, a name ends where the logger ended it, and memory is bounded.
 */
export default defineDetector({
  name: 'failed-logins',
  platforms: ['linux', 'macos', 'windows'],
  async watch(probe, say, context) {
    const judge = new LogonJudge()
    const onLine = (line: string): void => {
      for (const event of judge.take(line, context.time.monotonic())) {
        say(event).catch((error: unknown) => context.broken(sentenceOf(error)))
      }
    }
    const followed = await follow(probe, onLine, context)
    if ('unsupported' in followed) return followed
    return { stop: async () => followed.stops.forEach((stop) => void stop()) }
  },
})

/** The logs that may be read; the journal where there is none. */
async function follow(probe: Probe, onLine: (line: string) => void, context: WatchContext): Promise<{ stops: Stop[] } | Unsupported> {
  const follower = { onLine, onEnd: (reason: string) => context.broken(reason) }
  const { authLogs } = context.settings
  const logs = authLogs.length > 0 ? authLogs.map((path) => probe.followFile(path, follower)) : [probe.followJournal(follower)]
  const answers = await Promise.all(logs)
  const stops = answers.flatMap((answer) => (answer.kind === 'known' ? [answer.value] : []))
  const lacking = answers.flatMap((answer) => (answer.kind === 'unsupported' ? [answer.reason] : []))
  if (stops.length === 0) return { unsupported: lacking.join('; ') }
  if (lacking.length > 0) context.log.warn({ lacking }, 'not every log with sign-ins can be followed')
  return { stops }
}
