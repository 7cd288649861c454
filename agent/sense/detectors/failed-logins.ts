import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, minutes } from '#shared/domain/time.ts'
import { unawaited } from '#shared/domain/unawaited.ts'
import type { Probe, Stop } from '../../host/probe.ts'
import { defineDetector, type Say, type Unsupported, type WatchContext } from '../define-detector.ts'
import { Habits, LogonHabits } from '../logon/habits.ts'
import { LogonJudge } from '../logon/judge.ts'
import { type LogonLine, readLogonLine } from '../logon/read-line.ts'
import { isAdministrator, unusualEvent } from '../logon/unusual.ts'

const memoryName = 'log-on habits'

/*
 * security.logon.bruteforce, .spray and .success-after-failures, from sshd's, PAM's, sudo's, su's, login's and vsftpd's lines in the auth
 * log or the journal, and from Windows' Security log by number and field. From one source, 10 failures in a minute or 30 in ten minutes are no person; 6 in ten seconds are the same
 * rate seen sooner, and what CrowdSec's scenarios (auth-logs) call an attack. Slower, but five names within ten minutes:
 * a spray. High when the source is one of ours or it is a spray, else medium: the internet knocks on every open door all
 * day, and is one trouble per endpoint. Ten failures and then a success are high, unless it is a machine of ours under
 * one or two names: somebody who remembered the password. Slower still: 50 failures a day in three hours at least, or ten names; or 30 in
 * ten minutes from five sources that are none by themselves. security.logon.unusual (row 11): from where and when people sign in is learnt for
 * 14 days, and kept; then what is new is info, low for an administrator on a server. The alert-rules have none for this. An attack is said when it
 * is seen, and again every ten minutes while it goes on, with the counts of the last ten minutes. Threat: lines are text
 * from attackers, so patterns are anchored, a name ends where the logger ended it, and memory is bounded.
 */
export default defineDetector({
  name: 'failed-logins',
  platforms: ['linux', 'macos', 'windows'],
  async watch(probe, say, context) {
    const judge = new LogonJudge()
    const habits = await openHabits(context)
    const take = (line: LogonLine, text: string, at: number, isOne?: boolean): void => {
      for (const event of judge.judge(line, text, at)) tell(event)
      if (line.outcome === 'accepted') noteSignIn(line, text, at, isOne)
    }
    const onLine = (text: string): void => {
      context.settings.logonLines?.tell(text)
      const line = readLogonLine(text)
      if (line) take(line, text, context.time.monotonic())
    }
    const tell = (event: Parameters<Say>[0]): void => void say(event).catch((error: unknown) => context.broken(sentenceOf(error)))
    const noteSignIn = (line: LogonLine, text: string, at: number, isOne?: boolean): void => {
      const { userName } = line
      const unusual = userName === undefined ? undefined : habits.note(userName, line.source, context.time.monotonic() - at)
      if (userName === undefined || !unusual) return
      const asked = isOne === undefined ? isAdministrator(probe, userName).catch(() => false) : Promise.resolve(isOne)
      const said = asked.then((isAdmin) => tell(unusualEvent(line, text, unusual, isAdmin, context.role)))
      unawaited(said, context.log, 'an unusual log-on could not be said')
    }
    const followed = (await followWindows(context, take)) ?? (await follow(probe, onLine, context))
    if ('unsupported' in followed) return followed
    return {
      stop: async () => {
        followed.stops.forEach((stop) => void stop())
        await habits.close()
      },
    }
  },
})

/** Windows' own log, where it is followed. What happened while nobody listened counts for when it happened, not for when it is read. */
async function followWindows({ settings, time }: WatchContext, take: (line: LogonLine, text: string, at: number, isOne: boolean) => void) {
  const { windowsEvents } = settings
  if (!windowsEvents) return undefined
  const [{ windowsLogon }, { OnceEach }] = await Promise.all([import('../logon/windows-event.ts'), import('../logon/once-each.ts')])
  const each = new OnceEach(time, ({ line, text, at, isAdministrator }) =>
    take(line, text, time.monotonic() - (time.now() - at), isAdministrator),
  )
  const end = windowsEvents.listen((event) => {
    const logon = windowsLogon(event)
    if (logon) each.take(logon)
  })
  return { stops: [end, () => each.stop()] }
}

/** Written down a minute after something was learnt: a machine with many sign-ins writes no oftener. */
async function openHabits({ settings, time, log }: WatchContext) {
  const known = Habits.safeParse(await settings.memory?.read(memoryName))
  const habits = new LogonHabits(known.data, time.now())
  let pending: Cancel | undefined
  const write = async (): Promise<void> => {
    pending?.()
    pending = undefined
    await settings.memory?.write(memoryName, habits.kept())
  }
  return {
    note(userName: string, source: string, agoMs: number) {
      pending ??= time.after(minutes(1), () => unawaited(write(), log, 'the habits of log-ons could not be kept'))
      return habits.note(userName, source, time.now() - agoMs)
    },
    close: async () => (pending ? write() : undefined),
  }
}

/** Where neither a log nor a journal is yet: whichever comes first. */
const usualLogs = ['/var/log/auth.log', '/var/log/secure']

/** The logs that may be read; the journal where there is none. */
async function follow(probe: Probe, onLine: (line: string) => void, context: WatchContext): Promise<{ stops: Stop[] } | Unsupported> {
  const follower = { onLine, onEnd: (reason: string) => context.broken(reason) }
  const { authLogs } = context.settings
  const followAll = (paths: string[]) => Promise.all(paths.map((path) => probe.followFile(path, follower)))
  const journal = authLogs.length > 0 ? undefined : await probe.followJournal(follower)
  const hasNone = journal?.kind === 'unsupported' && probe.platform === 'linux'
  const answers = journal && !hasNone ? [journal] : await followAll(hasNone ? usualLogs : authLogs)
  const stops = answers.flatMap((answer) => (answer.kind === 'known' ? [answer.value] : []))
  const lacking = answers.flatMap((answer) => (answer.kind === 'unsupported' ? [answer.reason] : []))
  if (stops.length === 0) return { unsupported: lacking.join('; ') }
  if (lacking.length > 0) context.log.warn({ lacking }, 'not every log with sign-ins can be followed')
  return { stops }
}
