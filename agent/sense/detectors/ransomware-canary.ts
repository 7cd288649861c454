import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, minutes, type Time } from '#shared/domain/time.ts'
import { followAudited } from '../canary/audited.ts'
import { Guard } from '../canary/guard.ts'
import { defineDetector } from '../define-detector.ts'

/*
 * security.ransomware.canary. Decoys that nobody has a reason to touch, of types that attackers want, watched by inotify
 * and by their change time. No alert-rules have this; the thresholds are the matrix's rows 1–3. Critical: one is made
 * *unreadable* (neither its own type any more nor an archive that opens without a password and holds it), itself or as
 * a new file beside it with its stem; or two are touched within a minute, because a person tidies one file and a program
 * walks them all; or one is edited. Medium: one is gone, and nothing appeared in its place within two seconds; or some
 * are packed into archives that anybody can open, as `gzip -r` does, however many.
 * It speaks as soon as it is sure and again only when it gets worse: a save passes through an empty file, so what has
 * only begun gets 250 ms to be finished, while foreign bytes are foreign at once. All decoys gone together with their
 * folder count as one: that is what an unmounted disk looks like. On Linux, as a service, decoys are spread over people's homes and
 * what is shared, in hidden folders that backups can leave out, at the top, among the documents, at the end and deeper; people and shares that
 * come later get theirs within minutes. Threat: whoever reads this code can avoid the decoys' names; their contents and hashes differ on every
 * endpoint. A home that becomes another machine's folder isn't asked any more, since it may never answer.
 */
const looksForPeopleEveryMs = minutes(5)

export default defineDetector({
  name: 'ransomware-canary',
  platforms: ['linux', 'macos', 'windows'],
  readsAtStart: ['security.canaryFolders', 'security.spreadsCanaries', 'security.noCanariesIn'],
  async watch(probe, say, { settings, time, log, broken, again }) {
    const spread = probe.platform === 'linux' ? settings.spreadsCanaries?.() : undefined
    if (settings.canaryDirs.length === 0 && !spread) return { unsupported: 'no folder is configured for decoys' }
    const guard = await Guard.start({
      probe,
      time,
      log,
      say,
      broken,
      file: settings.canaryFile,
      folders: settings.canaryDirs,
      spread,
      justice: settings,
    })
    const endAudit = await followAudited({ folders: guard.folders(), probe, settings, time, broken }).catch(async (error: unknown) => {
      await guard.stop()
      throw error
    })
    const endLooking = spread
      ? lookForPeople(guard, time, again, (reason) => log.warn({ reason }, 'who came since is not known'))
      : undefined
    const stop = async (): Promise<void> => {
      endLooking?.()
      endAudit()
      await guard.stop()
    }
    return { stop, decoys: () => guard.paths(), rearm: () => guard.rearm() }
  },
})

/** Answers its end. */
function lookForPeople(guard: Guard, time: Time, again: () => void, failed: (reason: string) => void): Cancel {
  let next: Cancel = () => undefined
  let isOver = false
  const plan = (): void => {
    if (isOver) return
    next = time.after(looksForPeopleEveryMs, () => {
      guard.isOutdated().then(
        (isOutdated) => {
          if (!isOutdated) plan()
          else if (!isOver) again()
        },
        (error: unknown) => {
          failed(sentenceOf(error))
          plan()
        },
      )
    })
  }
  plan()
  return () => {
    isOver = true
    next()
  }
}
